"""A record as clients see it: without what is somebody's own.

That is the key and the reply of its command, the key of a checkout, and what opens the commerce
platform's cart.
"""

from datetime import datetime
from typing import Any, TypeAlias, get_args

from msgspec import Struct, to_builtins
from msgspec.structs import fields

from surestock.api.answer import encode
from surestock.inventory.model import Level
from surestock.ledger.event import Event
from surestock.ledger.record import Record

PRIVATE = frozenset({"context", "ask"})
"""The members of events that nobody is shown."""

_TELL_TOO_MUCH = frozenset(
    kind for kind in get_args(Event) if any(member.name in PRIVATE for member in fields(kind))
)
_Shown: TypeAlias = Event | dict[str, Any]


class Item(Struct, frozen=True, gc=False):
    """One record of the feed."""

    sequence: int
    id: str
    ts: datetime
    actor: str
    events: tuple[_Shown, ...]
    levels: tuple[Level, ...]


def item_of(record: Record) -> Item:
    """Show a record."""
    events: tuple[_Shown, ...] = record.events
    for event in events:
        if type(event) in _TELL_TOO_MUCH:
            events = tuple(map(_without_private, record.events))
            break
    return Item(record.sequence, record.id, record.ts, record.actor, events, record.levels)


def _without_private(event: Event) -> _Shown:
    if type(event) not in _TELL_TOO_MUCH:
        return event
    shown: dict[str, Any] = to_builtins(event)
    for name in PRIVATE:
        shown.pop(name, None)
    return shown


def server_sent(record: Record) -> bytes:
    """Return the record as a server-sent event (HTML Standard, section 9.2.6).

    JSON holds no bare line feed, so one ``data`` line takes it.
    """
    return b"id: %d\nevent: record\ndata: %b\n\n" % (record.sequence, encode(item_of(record)))
