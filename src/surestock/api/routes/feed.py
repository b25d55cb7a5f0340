"""The feed of durable records, in sequence order and without a gap."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from msgspec import Struct

from surestock.api.accept import require
from surestock.api.answer import Answer, json_answer
from surestock.api.documented import answers, errors
from surestock.api.request_headers import Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.operation_answers import Feed
from surestock.api.schemas.stock import After
from surestock.inventory.events import Event
from surestock.inventory.model import Level

routes = APIRouter(route_class=CheckedRoute, tags=["events"])


class _Item(Struct, frozen=True, gc=False):
    """A record as the feed shows it: without the key and the reply, which are the client's own."""

    sequence: int
    id: str
    ts: datetime
    actor: str
    events: tuple[Event, ...]
    levels: tuple[Level, ...]


@routes.get(
    "/events",
    summary="Read the event feed",
    response_model=Feed,
    responses=answers(200, said="A page.") | errors(400, 406),
)
async def events(call: Read, page: Annotated[After, Query()]) -> Answer:
    """Return up to ``limit`` records with a sequence above ``after``."""
    require(call, "application/json")
    records = await call.service.engine.records(page.after, page.limit)
    items = [
        _Item(record.sequence, record.id, record.ts, record.actor, record.events, record.levels)
        for record in records
    ]
    return json_answer({"items": items, "nextAfter": items[-1].sequence if items else page.after})
