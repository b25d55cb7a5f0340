"""How far the view was, in a file: whoever wants to drop a part of the log must ask it.

Nothing is recovered from it: the view is made of a snapshot and the log. It is one sealed line in
``central/checkpoint.json``; without it, nothing was folded yet.
"""

from pathlib import Path

from msgspec import DecodeError, Struct, json

from surestock.journal.line import BadLine, check, seal
from surestock.kit.files import make_directory, write_atomic
from surestock.sync.errors import CentralDamaged

FORMAT = "surestock-checkpoint/1"
NAME = "checkpoint.json"


class Checkpoint(Struct, frozen=True):
    """The view holds the records up to ``sequence``, whose line of the log has checksum ``crc``.

    ``oldest_parked`` is the oldest record that a dead letter still needs from the log.
    """

    sequence: int
    crc: str
    oldest_parked: int | None = None


class _Stored(Struct, frozen=True, rename="camel"):
    format: str
    sequence: int
    log_crc: str
    oldest_parked: int | None


_encode = json.Encoder().encode
_decode = json.Decoder(_Stored).decode


def write_checkpoint(directory: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint in ``directory``, durably, or raise ``OSError`` and leave it."""
    stored = _Stored(FORMAT, checkpoint.sequence, checkpoint.crc, checkpoint.oldest_parked)
    make_directory(directory)
    write_atomic(directory / NAME, seal(_encode(stored)[1:])[0])


def read_checkpoint(directory: Path) -> Checkpoint | None:
    """Return the checkpoint in ``directory``, or None. Raises :class:`CentralDamaged`."""
    try:
        line = (directory / NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        check(line.removesuffix(b"\n"))
        stored = _decode(line)
    except (BadLine, DecodeError) as error:
        raise CentralDamaged(f"{NAME} cannot be read: {error}", "with no loss") from error
    if stored.format != FORMAT:
        raise CentralDamaged(f"{NAME} is of unknown format {stored.format!r}", "with no loss")
    return Checkpoint(stored.sequence, stored.log_crc, stored.oldest_parked)
