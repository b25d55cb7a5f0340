"""The request headers that routes declare: for OpenAPI by signature, for a request by reading them.

The functions without a body are declarations. FastAPI turns their parameters into the document; a
route reads the headers that it declares, and refuses a condition that it does not, since ignoring
a condition would be worse than refusing it.
"""

from typing import Annotated, Literal, TypeAlias

from fastapi import Depends, Header

from surestock.api.call import Call
from surestock.api.errors import Fault
from surestock.api.headers import MOST_KEY_CHARS, parse_idempotency_key, parse_if_match

_KEY = "Idempotency-Key"
_IF_MATCH = "If-Match"
_IF_NONE_MATCH = "If-None-Match"

_RequestId = Annotated[
    str | None,
    Header(
        alias="X-Request-Id", description="Echoed when it is 1 to 128 visible ASCII characters."
    ),
]
_TraceParent = Annotated[
    str | None, Header(alias="traceparent", description="W3C trace context; invalid: ignored.")
]
_IdempotencyKey = Annotated[
    str | None,
    Header(
        alias=_KEY,
        min_length=1,
        max_length=MOST_KEY_CHARS,
        pattern=r"^[!#-~][!-~]*$",
        description="Names this try: repeated with the same payload, the first answer comes again.",
        examples=["order-4711"],
    ),
]
_IfMatch = Annotated[
    str | None,
    Header(
        alias=_IF_MATCH,
        pattern=r'^(\*|"[1-9][0-9]{0,15}"|[1-9][0-9]{0,15})$',
        description='The version that must be the current one, as in "7" or 7; * asks for any.',
        examples=['"7"'],
    ),
]
_IfNoneMatch = Annotated[
    Literal["*"] | None, Header(alias=_IF_NONE_MATCH, description="Create only.", examples=["*"])
]
_IfChanged = Annotated[
    str | None,
    Header(alias=_IF_NONE_MATCH, description="The ETag that the client has: 304 when it stands."),
]
_LastEventId = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID",
        pattern="^[0-9]{1,16}$",
        description="The last sequence that the client has; counts before ``after``.",
        examples=["4711"],
    ),
]


def _plain(request_id: _RequestId = None, traceparent: _TraceParent = None) -> None: ...


def _if_changed(
    request_id: _RequestId = None, traceparent: _TraceParent = None, etag: _IfChanged = None
) -> None: ...


def _resuming(
    request_id: _RequestId = None, traceparent: _TraceParent = None, last: _LastEventId = None
) -> None: ...


def _keyed(
    request_id: _RequestId = None, traceparent: _TraceParent = None, key: _IdempotencyKey = None
) -> None: ...


def _conditional(
    request_id: _RequestId = None,
    traceparent: _TraceParent = None,
    key: _IdempotencyKey = None,
    if_match: _IfMatch = None,
) -> None: ...


def _creating(
    request_id: _RequestId = None,
    traceparent: _TraceParent = None,
    key: _IdempotencyKey = None,
    if_match: _IfMatch = None,
    if_none_match: _IfNoneMatch = None,
) -> None: ...


Read: TypeAlias = Annotated[Call, Depends(_plain)]
CachedRead: TypeAlias = Annotated[Call, Depends(_if_changed)]
Resuming: TypeAlias = Annotated[Call, Depends(_resuming)]
Keyed: TypeAlias = Annotated[Call, Depends(_keyed)]
Conditional: TypeAlias = Annotated[Call, Depends(_conditional)]
Creating: TypeAlias = Annotated[Call, Depends(_creating)]

_ONCE = {b"idempotency-key": _KEY, b"if-match": _IF_MATCH, b"if-none-match": _IF_NONE_MATCH}


def read_headers(call: Call, declared: frozenset[str], faults: list[Fault]) -> None:
    """Set what ``call`` has of the mutation headers; add to ``faults`` what is wrong with them."""
    headers = call.headers
    if len(headers) != len(call.scope["headers"]):
        _reject_repeated(call, faults)
    value = headers.get(b"idempotency-key")
    if value is not None:
        key = parse_idempotency_key(value)
        if isinstance(key, str):
            call.idempotency_key = key
        else:
            faults.append(key)
    value = headers.get(b"if-match")
    if value is not None:
        condition = parse_if_match(value)
        if isinstance(condition, Fault):
            faults.append(condition)
        elif _IF_MATCH in declared:
            call.if_match = condition
        else:
            faults.append(Fault("header", "/If-Match", "cannot be a condition of this request"))
    value = headers.get(b"if-none-match")
    if value is not None:
        call.if_none_match = True
        _check_if_none_match(call, value, declared, faults)


def _check_if_none_match(
    call: Call, value: bytes, declared: frozenset[str], faults: list[Fault]
) -> None:
    if _IF_NONE_MATCH not in declared:
        faults.append(Fault("header", "/If-None-Match", "cannot be a condition of this request"))
    elif value != b"*":
        faults.append(Fault("header", "/If-None-Match", "must be *, which means: create only"))
    elif call.if_match is not None:
        faults.append(Fault("header", "/If-None-Match", "contradicts If-Match"))


def _reject_repeated(call: Call, faults: list[Fault]) -> None:
    seen = [name for name, _ in call.scope["headers"]]
    faults.extend(
        Fault("header", f"/{shown}", "must not be given twice")
        for name, shown in _ONCE.items()
        if seen.count(name) > 1
    )
