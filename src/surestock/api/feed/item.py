"""A record as clients see it: without the key and the reply, which are somebody's own."""

from datetime import datetime

from msgspec import Struct

from surestock.api.answer import encode
from surestock.inventory.events import Event
from surestock.inventory.model import Level
from surestock.ledger.record import Record


class Item(Struct, frozen=True, gc=False):
    """One record of the feed."""

    sequence: int
    id: str
    ts: datetime
    actor: str
    events: tuple[Event, ...]
    levels: tuple[Level, ...]


def item_of(record: Record) -> Item:
    """Show a record."""
    return Item(record.sequence, record.id, record.ts, record.actor, record.events, record.levels)


def server_sent(record: Record) -> bytes:
    """Return the record as a server-sent event (HTML Standard, section 9.2.6).

    JSON holds no bare line feed, so one ``data`` line takes it.
    """
    return b"id: %d\nevent: record\ndata: %b\n\n" % (record.sequence, encode(item_of(record)))
