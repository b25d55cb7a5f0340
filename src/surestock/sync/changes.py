"""What the fold reads of a record: its sequence, and the levels as it left them.

The rest of a record (who, why, the answer that was given) is not even decoded. A level that does
not decode spoils neither its record nor its line, as long as its SKU can be told.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from surestock.inventory.model import Level
from surestock.sync.errors import CannotFold, FoldError

Position: TypeAlias = tuple[int, int]
"""Where a change stands: the sequence of its record, and its index among the record's levels."""


class BadLevel(Struct, frozen=True, gc=False):
    """A level that cannot be read, and why. ``store_id`` is empty when that cannot be told."""

    store_id: str
    sku: str
    why: str


Change: TypeAlias = Level | BadLevel


class SoundRecord(Struct, frozen=True, gc=False, rename="camel"):
    """A record, all levels of which decode."""

    sequence: int
    levels: tuple[Level, ...] = ()


class LooseRecord(Struct, frozen=True, gc=False):
    """A record of a line in which something does not decode."""

    sequence: int
    levels: tuple[Change, ...]


class _Sequence(Struct, frozen=True, gc=False):
    sequence: int


class _RawLevels(Struct, frozen=True, gc=False):
    levels: tuple[Raw, ...] = ()


class _Named(Struct, frozen=True, gc=False, rename="camel"):
    sku: str
    store_id: str


class _Sku(Struct, frozen=True, gc=False):
    sku: str


_UNREADABLE = (DecodeError, ValidationError, UnicodeDecodeError)
_decode_all = json.Decoder(list[SoundRecord]).decode
_decode_one = json.Decoder(SoundRecord).decode
_split = json.Decoder(list[Raw]).decode
_decode_sequence = json.Decoder(_Sequence).decode
_decode_raw_levels = json.Decoder(_RawLevels).decode
_decode_level = json.Decoder(Level).decode
_decode_named = json.Decoder(_Named).decode
_decode_sku = json.Decoder(_Sku).decode


def records_after(records: Raw | bytes, sequence: int) -> Iterable[SoundRecord | LooseRecord]:
    """Return the records of a group commit (a JSON array) that come after ``sequence``.

    Raises :class:`CannotFold`, on the way, at a record of which not even the SKUs can be told.
    """
    try:
        sound = _decode_all(records)
    except _UNREADABLE:
        return _loose_records(records, sequence)
    if sound and sound[0].sequence <= sequence:
        return [record for record in sound if record.sequence > sequence]
    return sound


def read_record(record: bytes | str, sequence: int) -> SoundRecord | LooseRecord:
    """Return the record that stands at ``sequence``.

    Raises :class:`CannotFold` when it says that it is another one, or when not even the SKUs can be
    told.
    """
    found: SoundRecord | LooseRecord
    try:
        found = _decode_one(record)
    except _UNREADABLE:
        found = _loose_record(record, _sequence_of(record, sequence))
    if found.sequence != sequence:
        raise CannotFold(sequence, f"it says that it is record {found.sequence}")
    return found


def read_change(record: bytes | Raw, position: Position, sku: str) -> Change:
    """Return one change of ``record``, which is about ``sku``, for a second look at it."""
    sequence, index = position
    try:
        change = _loose_record(record, sequence).levels[index]
    except (CannotFold, IndexError):
        return BadLevel("", sku, f"record {sequence} no longer holds it")
    if change.sku != sku:
        return BadLevel("", sku, f"record {sequence} no longer holds it")
    return change


def _loose_records(records: Raw | bytes, sequence: int) -> Iterator[LooseRecord]:
    try:
        split = _split(records)
    except _UNREADABLE as error:
        raise CannotFold(sequence + 1, f"its line is no list of records ({error})") from error
    for record in split:
        own = _sequence_of(record, sequence + 1)
        if own > sequence:
            yield _loose_record(record, own)
            sequence = own


def _sequence_of(record: Raw | bytes | str, expected: int) -> int:
    try:
        return _decode_sequence(record).sequence
    except _UNREADABLE as error:
        raise CannotFold(expected, f"it has no sequence ({error})") from error


def _loose_record(record: Raw | bytes | str, sequence: int) -> LooseRecord:
    try:
        levels = _decode_raw_levels(record).levels
    except _UNREADABLE as error:
        raise CannotFold(sequence, f"its levels cannot be told apart ({error})") from error
    return LooseRecord(sequence, tuple(_change(level, sequence) for level in levels))


def _change(level: Raw, sequence: int) -> Change:
    try:
        return _decode_level(level)
    except _UNREADABLE as error:
        why = f"the level does not decode: {error}"
    try:
        named = _decode_named(level)
    except _UNREADABLE:
        pass
    else:
        return BadLevel(named.store_id, named.sku, why)
    try:
        return BadLevel("", _decode_sku(level).sku, why)
    except _UNREADABLE as error:
        raise CannotFold(sequence, f"a level does not tell its SKU ({error})") from error


def sound(change: Change) -> Level:
    """Return the level of a change that decoded. Raises :class:`FoldError`."""
    if isinstance(change, BadLevel):
        raise FoldError(change.why)
    return change
