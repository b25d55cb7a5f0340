"""The application against its own document: generated requests, every check of schemathesis.

A schema cannot say everything, so a request that is meant to be valid is made so first: JSON Schema
takes 2.0 for an integer, which the contract refuses; a version is stated once, not in two places
that differ; a cursor is one that some list gave out; a sequence to wait for is one that somebody
was told; an order belongs to a checkout that is completed; a stream has no key for all of it, and a
batch one for all or for its rows. Requests that are meant to be malformed stay as they are. A
stream is never malformed as a whole, though: each of its lines may be. Nor is a request without a
body malformed where a body may be left out.
"""

import asyncio
import re
from base64 import urlsafe_b64encode
from typing import Any

import schemathesis
from hypothesis import settings
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection
from starlette.types import ASGIApp, Receive, Scope, Send

from surestock.api.app import Surestock
from surestock.checkout.ask import CheckoutEnd
from surestock.inventory.central import Central
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Engine
from tests.api.desk import Api
from tests.api.engines import in_memory
from tests.api.keys import FakeKeys
from tests.api.platform import FakeCheckouts

_EXAMPLES = 60
_COUNT = re.compile("[0-9]{1,16}").fullmatch
_NDJSON = "application/x-ndjson"
_KEY: dict[str, str] = {}


class Served:
    """The application that is asked: the one in memory, unless a test sets another."""

    def __init__(self, app: Surestock) -> None:
        self.app: ASGIApp = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on."""
        await self.app(scope, receive, send)


def guarded(engine: Engine, clock: ManualClock, central: Central | None = None) -> Api:
    """Return an application with the tester's key."""
    keys = FakeKeys()
    _KEY.update(keys.know("tester"))
    return Api(engine, clock, central, keys=keys)


def _stocked() -> Api:
    clock = ManualClock()
    api = guarded(in_memory(clock), clock)
    asyncio.run(stock(api))
    return api


async def stock(api: Api) -> None:
    """Let there be something to ask for."""
    answer = await api.put("/stores/store-1/inventory/apple-1kg", {"onHand": 1_000_000}, **_KEY)
    assert answer.status_code == 201
    plan = {"name": "Plan", "type": "plan", "unitPrice": 1, "currency": "EUR", "stocked": False}
    assert (await api.put("/catalog/plan", plan, **_KEY)).status_code == 201
    answer = await api.post("/carts/ann/items", {"sku": "plan", "qty": 1}, **_KEY)
    assert answer.status_code == 200
    assert isinstance(api.checkouts, FakeCheckouts)
    api.checkouts.answer = CheckoutEnd("in_progress")


_APP = _stocked().app
schema = schemathesis.openapi.from_dict(_APP.openapi())
SERVED = Served(_APP)
schema.app = SERVED


@schemathesis.serializer(_NDJSON)
def serialize_lines(_: schemathesis.SerializationContext, value: Any) -> bytes:
    """Send what was generated as the text that it is."""
    return str(value).encode("utf-8", "replace")


@schemathesis.hook
def before_call(
    _: schemathesis.HookContext,
    case: schemathesis.Case[Any],
    kwargs: dict[str, Any],  # noqa: ARG001 - the hook's signature
) -> None:
    """Make valid what is meant to be valid."""
    if "minSequence" in (case.query or {}) and _COUNT(str(case.query["minSequence"])):
        case.query["minSequence"] = "1"
    if case.meta is None or case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    case.body = _whole(case.body)
    if "cursor" in (case.query or {}):
        # The id of a dead letter, which is a SKU as well.
        case.query["cursor"] = urlsafe_b64encode(b"4.0").decode().rstrip("=")
    headers: Any = case.headers or {}
    if isinstance(case.body, dict) and {"If-Match", "If-None-Match"} & set(headers):
        case.body.pop("expectedVersion", None)
    if isinstance(case.body, dict) and "outcome" in case.body:
        _agree(case.body)
    if "If-Match" in headers:
        headers.pop("If-None-Match", None)
    if case.media_type == _NDJSON or _has_named_row(case.body):
        headers.pop("Idempotency-Key", None)


def _agree(body: dict[str, Any]) -> None:
    """Give a checkout that is said to be completed its order, and none to one that failed."""
    order = {"orderId": "o-1", "orderNumber": "7", "total": 1}
    if body["outcome"] == "completed":
        body.update(order)
    else:
        for name in order:
            body.pop(name, None)


def _has_named_row(body: Any) -> bool:
    rows = body.get("operations", ()) if isinstance(body, dict) else ()
    return any("idempotencyKey" in row for row in rows)


def _whole(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@schema.parametrize()
@settings(max_examples=_EXAMPLES)
def test_every_answer_is_as_documented(case: schemathesis.Case[Any]) -> None:
    ask(case)


def ask(case: schemathesis.Case[Any]) -> None:
    """Send a request, and check its answer against the document."""
    any_text_is_a_stream = case.media_type == _NDJSON
    parts = case.meta.components.values() if case.meta is not None else ()
    nothing_is_malformed = all(part.mode is GenerationMode.POSITIVE for part in parts)
    unchecked = any_text_is_a_stream or nothing_is_malformed
    case.call_and_validate(
        excluded_checks=[negative_data_rejection] if unchecked else [],
        headers={"Authorization": _KEY["authorization"]},
    )
