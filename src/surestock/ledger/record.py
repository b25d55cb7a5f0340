"""What one command committed: the unit of the log, of a version and of an acknowledgement."""

from datetime import datetime

from msgspec import Struct, json

from surestock.idempotency import IdempotencyKey
from surestock.inventory.model import Level
from surestock.inventory.reply import Reply
from surestock.ledger.event import Event


class Record(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A record of the log.

    ``levels`` are those that the record touched, as it left them: replay computes them again from
    the events and refuses a log in which they differ. ``reply`` is kept when there is an
    idempotency key, since only then can somebody ask for it again.
    """

    sequence: int
    id: str
    ts: datetime
    actor: str
    events: tuple[Event, ...]
    levels: tuple[Level, ...] = ()
    idempotency: IdempotencyKey | None = None
    reply: Reply | None = None


_encoder = json.Encoder()


def encode_record(record: Record) -> bytes:
    """Return the record's JSON, on one line."""
    return _encoder.encode(record)
