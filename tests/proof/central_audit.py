"""The verdict on the central view: what it holds against the fold of the log's own records."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from tests.proof.books import Books
from tests.proof.http_client import Connection
from tests.proof.ledger import StockKey
from tests.proof.logbook import fold, read_records

_PATIENCE_S = 120
_PAUSE_S = 0.02
_PAGE = 1000

Numbers = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class CentralVerdict:
    """Figures of one comparison.

    ``diverged`` are the SKUs that the view says it cannot vouch for, ``wrong`` those that differ.
    ``missed`` counts levels that lack changes of the log, ``doubles`` levels that have more of them
    and changes that were refused because they seemed to have been folded before.
    """

    records: int
    levels: int
    missed: int
    doubles: int
    diverged: frozenset[str] = frozenset()
    wrong: frozenset[str] = frozenset()
    faults: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures as a clause."""
        return (
            f"{self.records:,} records, {self.levels} levels compared, "
            f"missed {self.missed}, doubles {self.doubles}"
        )

    def require_clean(self) -> None:
        """Raise ``AssertionError`` that names the first faults, if there is any."""
        if self.faults or self.missed or self.doubles or self.diverged:
            listed = "\n".join(self.faults[:10])
            raise AssertionError(f"{self}; diverged {sorted(self.diverged)}:\n{listed}")


async def sync(connection: Connection) -> dict[str, Any]:
    """Return the answer to a sync; while no worker is there, ask again."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        reply = await connection.request("POST", "/sync")
        if reply.is_success:
            return reply.json()
        if reply.status != 503 or time.monotonic() > deadline:
            raise AssertionError(f"a sync is answered {reply.status}: {reply.body!r}")
        await asyncio.sleep(_PAUSE_S)


async def compare(port: int, data_dir: Path) -> CentralVerdict:
    """Sync, then compare every SKU with the log. Nobody may write meanwhile."""
    return await compare_with(port, read_records(data_dir))


async def compare_with(port: int, records: list[dict[str, Any]]) -> CentralVerdict:
    """Sync, then compare every SKU with all records that there are."""
    async with Connection(port) as connection:
        synced = await sync(connection)
        served, diverged = await _served(connection)
        letters = await _letters(connection)
    verdict = judge(fold(records), len(records), served, diverged, letters)
    if synced["appliedSequence"] != len(records):
        verdict.faults.append(f"a sync covers {synced['appliedSequence']} of {len(records)}")
    return verdict


def judge(
    books: Books,
    records: int,
    served: dict[StockKey, Numbers],
    diverged: frozenset[str],
    letters: list[dict[str, Any]],
) -> CentralVerdict:
    """Compare what is served with the fold of ``records`` records."""
    faults = list(books.faults)
    wrong = set()
    missed, doubles = 0, len([it for it in letters if it["status"] in {"retrying", "dead"}])
    folded = {key: book.numbers() for key, book in books.levels.items()}
    for key in served.keys() | folded.keys():
        shown, wanted = served.get(key, (0, 0, 0)), folded.get(key, (0, 0, 0))
        if shown == wanted:
            continue
        faults.append(f"{key} is served as {shown} and folded as {wanted}")
        wrong.add(key[1])
        missed += shown[2] < wanted[2]
        doubles += shown[2] > wanted[2]
    faults += [f"letter {orjson.dumps(it).decode()}" for it in letters if it["status"] == "dead"]
    return CentralVerdict(records, len(folded), missed, doubles, diverged, frozenset(wrong), faults)


async def _served(connection: Connection) -> tuple[dict[StockKey, Numbers], frozenset[str]]:
    served: dict[StockKey, Numbers] = {}
    diverged = set()
    cursor = ""
    while True:
        page = await connection.get(f"/central/inventory?limit={_PAGE}{cursor}")
        for item in page["items"]:
            stores = item["stores"]
            for store, level in stores.items():
                numbers = level["onHand"], level["reserved"], level["version"]
                served[store, item["sku"]] = numbers
            total = sum(it["onHand"] for it in stores.values())
            if (item["onHand"], item["qty"]) != (total, total - item["reserved"]):
                raise AssertionError(f"the sums of {item} are wrong")
            if item["diverged"]:
                diverged.add(item["sku"])
        if page["nextCursor"] is None:
            return served, frozenset(diverged)
        cursor = f"&cursor={page['nextCursor']}"


async def _letters(connection: Connection) -> list[dict[str, Any]]:
    letters: list[dict[str, Any]] = []
    cursor = ""
    while True:
        page = await connection.get(f"/dead-letters?limit={_PAGE}{cursor}")
        letters += page["items"]
        if page["nextCursor"] is None:
            return letters
        cursor = f"&cursor={page['nextCursor']}"
