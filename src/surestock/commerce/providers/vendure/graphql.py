"""Asks one of Vendure's two APIs, and tells an answer from a refusal.

Business errors come with HTTP 200 inside the data and are the caller's; here are those of HTTP and
of GraphQL.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import msgspec
from msgspec import MsgspecError, Raw, Struct

from surestock.commerce.errors import BadAnswer, OutcomeUnknown, RateLimited, Unavailable
from surestock.commerce.http import Http
from surestock.commerce.providers.vendure.answer import Envelope
from surestock.commerce.providers.vendure.refusal import Refused
from surestock.commerce.reply import Reply

_T = TypeVar("_T")

TOKEN_HEADER: Final = "vendure-auth-token"  # noqa: S105 - the name of a header
_CHANNEL_HEADER: Final = "vendure-token"
_INTERNAL: Final = "INTERNAL_SERVER_ERROR"
_TOO_MANY: Final = 429
_SERVER_ERRORS: Final = 500
# GraphQL raises these before it runs anything.
_NEVER_RUN: Final = frozenset(
    {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"}
)


class Answered(Struct, frozen=True):
    """The data of an answer. ``new_token`` is None unless another session was opened."""

    data: dict[str, Raw]
    new_token: str | None = None

    def part(self, name: str, form: type[_T]) -> _T:
        """Return the answer to one question of the document. Raises ``BadAnswer``."""
        try:
            return msgspec.json.decode(self.data[name], type=form)
        except (KeyError, MsgspecError, ValueError, RecursionError):
            raise BadAnswer(f"The commerce platform's answer holds no right {name}.") from None


class Api:
    """One of the APIs: the shop's or the administrators'."""

    def __init__(self, http: Http, path: str, channel_token: str | None) -> None:
        self._http = http
        self._path = path
        self._headers = {} if channel_token is None else {_CHANNEL_HEADER: channel_token}

    async def ask(
        self,
        document: str,
        variables: Mapping[str, Any] | None = None,
        *,
        token: str | None = None,
        safe: bool = True,
    ) -> Answered:
        """Send a document and return its data.

        ``safe`` tells that it may be sent again. Raises what :meth:`Http.send` raises, ``Refused``,
        ``RateLimited`` and, of a document that is not safe, ``OutcomeUnknown`` in every case of
        doubt.
        """
        headers = dict(self._headers)
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        body = {"query": document, "variables": variables or {}}
        reply = await self._http.send("POST", self._path, safe=safe, headers=headers, json=body)
        try:
            envelope = _envelope(reply)
        except (BadAnswer, Unavailable) as error:
            if safe:
                raise
            raise OutcomeUnknown(str(error)) from error
        if envelope.errors:
            code = envelope.errors[0].extensions.code
            if not safe and code not in _NEVER_RUN:
                raise OutcomeUnknown("The commerce platform failed while it placed the order.")
            if code == _INTERNAL:
                raise Unavailable("The commerce platform failed.")
            raise Refused(code)
        new_token = reply.headers.get(TOKEN_HEADER)
        return Answered(envelope.data or {}, None if new_token == token else new_token)


def _envelope(reply: Reply) -> Envelope:
    if reply.status == _TOO_MANY:
        raise RateLimited(reply.retry_after_s)
    if reply.status >= _SERVER_ERRORS:
        raise Unavailable("The commerce platform failed.", reply.retry_after_s)
    envelope = reply.decode(Envelope)
    if not envelope.errors and (envelope.data is None or not reply.is_success):
        raise BadAnswer(f"The commerce platform's answer (status {reply.status}) has no data.")
    return envelope
