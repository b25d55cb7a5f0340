"""A record as clients see it: without what is somebody's own.

That is the key and the reply of its command, the key of a checkout, and what opens the commerce
platform's cart. What users have in their carts is for those who may read carts: to others a record
shows what it did to the stock, and not for whom, so that their feed has no gap either.
"""

from datetime import datetime
from typing import Any, TypeAlias, get_args

from msgspec import Struct, to_builtins
from msgspec.structs import fields, replace

from surestock.api.answer import encode
from surestock.cart.events import CartEvent, ProductPut
from surestock.inventory.events import StockReserved
from surestock.inventory.model import Level
from surestock.ledger.event import Event
from surestock.ledger.record import Record

PRIVATE = frozenset({"context", "ask"})
"""The members of events that nobody is shown."""

_TELL_TOO_MUCH = frozenset(
    kind for kind in get_args(Event) if any(member.name in PRIVATE for member in fields(kind))
)
_OF_USERS = tuple(kind for kind in get_args(CartEvent) if kind is not ProductPut)
"""What only those see who may read carts. The catalog is for everybody."""
_Shown: TypeAlias = Event | dict[str, Any]


class Item(Struct, frozen=True, gc=False):
    """One record of the feed."""

    sequence: int
    id: str
    ts: datetime
    actor: str
    events: tuple[_Shown, ...]
    levels: tuple[Level, ...]


def item_of(record: Record, *, with_carts: bool = True) -> Item:
    """Show a record, with its events about carts or without."""
    events: tuple[_Shown, ...] = record.events
    if not with_carts:
        events = tuple(_of_nobody(it) for it in record.events if not isinstance(it, _OF_USERS))
    elif not _TELL_TOO_MUCH.isdisjoint(map(type, record.events)):
        events = tuple(map(_without_private, record.events))
    return Item(record.sequence, record.id, record.ts, record.actor, events, record.levels)


def _of_nobody(event: Event) -> Event:
    """Return an event about stock without the user whose checkout it is for."""
    if isinstance(event, StockReserved) and event.held_for is not None:
        return replace(event, held_for=None)
    return event


def _without_private(event: Event) -> _Shown:
    if type(event) not in _TELL_TOO_MUCH:
        return event
    shown: dict[str, Any] = to_builtins(event)
    for name in PRIVATE:
        shown.pop(name, None)
    return shown


def server_sent(record: Record, *, with_carts: bool = True) -> bytes:
    """Return the record as a server-sent event (HTML Standard, section 9.2.6).

    JSON holds no bare line feed, so one ``data`` line takes it.
    """
    item = item_of(record, with_carts=with_carts)
    return b"id: %d\nevent: record\ndata: %b\n\n" % (record.sequence, encode(item))
