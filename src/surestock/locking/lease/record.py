"""What a lease's file holds: one object of JSON, to be read by people too.

``expires_at`` is seconds of the monotonic clock of the boot ``boot``. All processes of a machine
read that clock alike, nobody can set it, and under another boot it says nothing.
"""

import msgspec
from msgspec import Struct

MOST_BYTES = 16_384
"""What is longer is no lease."""
LONGEST_S = 3_600.0
"""No lease is for longer. One that says so is not understood: it would keep its key for ever."""

_FORMAT = 1


class Record(Struct, frozen=True, forbid_unknown_fields=True):
    """A lease as it is written down."""

    key: str
    owner: str
    token: int
    boot: str
    expires_at: float
    about: str
    format: int = _FORMAT

    def is_live(self, key: str, boot: str, now: float) -> bool:
        """Tell whether it keeps others from ``key``, ``now`` seconds after the boot ``boot``."""
        return self.key == key and self.boot == boot and now < self.expires_at <= now + LONGEST_S


def encode_record(record: Record) -> bytes:
    """Return the content of a lease's file. Raises ``ValueError`` when it would be too long."""
    content = msgspec.json.encode(record) + b"\n"
    if len(content) > MOST_BYTES:
        msg = f"a lease takes at most {MOST_BYTES} bytes, and this one {len(content)}"
        raise ValueError(msg)
    return content


_decode = msgspec.json.Decoder(Record).decode


def find_record(content: bytes) -> Record | None:
    """Return the lease that a file holds; None when it is none of this format."""
    if len(content) > MOST_BYTES:
        return None
    try:
        record = _decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return record if record.format == _FORMAT else None
