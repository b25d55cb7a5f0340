"""The feed of durable records, in sequence order and without a gap: in pages, or as they come."""

from typing import Annotated

from fastapi import APIRouter, Query

from surestock.access.scope import Scope
from surestock.api.accept import require
from surestock.api.access import may_read_carts, needs
from surestock.api.answer import EVENTS, Answer, json_answer
from surestock.api.call import Call
from surestock.api.documented import answers, errors
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.feed.item import item_of
from surestock.api.headers import parse_last_event_id
from surestock.api.request_headers import Resuming
from surestock.api.route import CheckedRoute
from surestock.api.schemas.operation_answers import Feed
from surestock.api.schemas.stock import After

routes = APIRouter(route_class=CheckedRoute, tags=["events"])

_JSON = "application/json"
_STREAM = "text/event-stream"
_STREAM_HEADERS = ((b"cache-control", b"no-store"), (b"x-accel-buffering", b"no"))


@routes.get(
    "/events",
    summary="Read or follow the events",
    response_model=Feed,
    responses=errors(400, 406, 410, 503)
    | {
        200: {
            **answers(200, said="A page; or a stream, without an end, of one event a record.")[200],
            "content": {_STREAM: {"schema": {"type": "string"}}},
        }
    },
    openapi_extra=needs(Scope.INVENTORY_READ, whole_chain=True),
)
async def events(call: Resuming, page: Annotated[After, Query()]) -> Answer:
    """Return the records with a sequence above ``after``: a page of up to ``limit``.

    With ``Accept: text/event-stream`` they are sent as they come, as server-sent events: ``id`` is
    the sequence, ``data`` an item of a page. The stream begins with what is there already; to begin
    at the end, pass an X-Commit-Sequence as ``after``. ``Last-Event-ID`` resumes. A client that
    does not read is cut off, and may resume.

    A key without the scope ``cart:read`` is shown each record without its events about carts.
    """
    after = _after(call, page)
    with_carts = may_read_carts(call)
    if require(call, _JSON, _STREAM) == _STREAM:
        if "limit" in page.model_fields_set:
            raise ValidationFailed(Fault("query", "/limit", "is for pages; a stream has no end"))
        # What can be refused is refused before the stream begins.
        await call.service.engine.records(after, 1)
        feed = call.service.feed
        stream = feed.follow(after, with_carts=with_carts)
        return Answer(200, b"", [EVENTS, *_STREAM_HEADERS], stream, feed.limits.patience_s)
    records = await call.service.engine.records(after, page.limit)
    items = [item_of(record, with_carts=with_carts) for record in records]
    return json_answer({"items": items, "nextAfter": items[-1].sequence if items else after})


def _after(call: Call, page: After) -> int:
    """Return the sequence that the client has: by Last-Event-ID, which a resuming client sends."""
    header = call.headers.get(b"last-event-id")
    if header is None:
        return page.after
    after = parse_last_event_id(header)
    if isinstance(after, Fault):
        raise ValidationFailed(after)
    return after
