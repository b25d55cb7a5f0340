"""The proof of a move: two folds, each of its own side's records, that amount to the same."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from msgspec import Struct

from surestock.runtime.moving.errors import MoveUnproved
from surestock.runtime.offline.tables.fold import TableReplay

_TOLD = 5
Key = TypeVar("Key", bound=Hashable)


class Proof(Struct, frozen=True):
    """What was found equal, by name: how many there are on both sides.

    ``digest`` is that of all records, ``events`` how many are in them. ``moved`` records went over
    in this run, in ``moving_s`` seconds; ``proved`` were read back and folded, in ``proving_s``.
    """

    equal: dict[str, int]
    digest: str
    events: int
    moved: int
    moving_s: float
    proved: int
    proving_s: float


def equal_counts(source: TableReplay, target: TableReplay) -> dict[str, int]:
    """Return how much there is of everything, on both sides. Raises :class:`MoveUnproved`."""
    mine, theirs = source.books, target.books
    wrong = [
        *_unlike("level", mine.levels, theirs.levels),
        *_unlike("reservation", mine.reservations, theirs.reservations),
        *_unlike("document", mine.documents, theirs.documents),
    ]
    if source.digest != target.digest:
        wrong.append("the records are not the same, byte by byte")
    ended, other = source.totals, target.totals
    if (ended.ended, ended.ended_sum) != (other.ended, other.ended_sum):
        wrong.append("the reservations that have had their end differ")
    if ended.version_sums != other.version_sums:
        wrong.append("the versions of levels differ")
    if source.newest_ids != target.newest_ids:
        wrong.append("the ids of records differ")
    if wrong:
        raise MoveUnproved(f"What was moved is not what it was: {'; '.join(wrong)}.")
    return {
        "records": ended.records,
        "events": source.events,
        "stores": len({store_id for store_id, _ in mine.levels}),
        "SKUs (store and SKU)": len(mine.levels),
        "versions of them": ended.versions,
        "active reservations": len(mine.reservations),
        "ended reservations": ended.ended,
        "products, carts, checkouts": len(mine.documents),
        "idempotency keys that stand": len(ended.live),
    }


def _unlike(noun: str, one: Mapping[Key, object], other: Mapping[Key, object]) -> list[str]:
    keys = [key for key in one.keys() | other.keys() if one.get(key) != other.get(key)]
    told = [f"{noun} {key} is {one.get(key)} and {other.get(key)}" for key in keys[:_TOLD]]
    if len(keys) > _TOLD:
        told.append(f"{len(keys) - _TOLD:,} more {noun}s differ")
    return told
