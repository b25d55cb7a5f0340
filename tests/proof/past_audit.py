"""The verdict on a server that started from whatever was there: it must be the fold of the log.

Everything that a client may ask is asked: levels, reservations that have ended too, every event,
every history, and each answer that was ever given, again.
"""

import asyncio
import random
from dataclasses import dataclass, field
from typing import Any

from tests.proof.http_client import Connection
from tests.proof.ledger import Ledger
from tests.proof.load import Load
from tests.proof.logbook import fold
from tests.proof.workload import STORES, Workload

_PAGE = 1000
_ENDS = {
    "ReservationCommitted": "committed",
    "ReservationReleased": "released",
    "ReservationExpired": "expired",
}


@dataclass(slots=True)
class PastVerdict:
    """What was compared, and a sentence for each thing that is not as it should be."""

    levels: int = 0
    reservations: int = 0
    repeats: int = 0
    events: int = 0
    entries: int = 0
    mismatches: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures as a clause."""
        return (
            f"{self.levels} levels, {self.reservations} reservations, {self.repeats} repeats, "
            f"{self.events} records, {self.entries} history entries"
        )

    def expect(self, what: str, shown: object, wanted: object) -> None:
        """Note it when what is ``shown`` is not what is ``wanted``."""
        if shown != wanted:
            self.mismatches.append(f"{what} is {shown}, not {wanted}"[:600])


def examine(
    port: int, records: list[dict[str, Any]], ledger: Ledger, *, whole: bool = True
) -> PastVerdict:
    """Compare the server with ``records``, which are the whole log, and with ``ledger``.

    Unless the log is kept as a ``whole``, only what is current is asked for, and its end.
    """
    return asyncio.run(_examine(port, records, ledger, whole=whole))


async def _examine(
    port: int, records: list[dict[str, Any]], ledger: Ledger, *, whole: bool
) -> PastVerdict:
    verdict = PastVerdict()
    async with Connection(port) as connection:
        await _levels(connection, records, verdict)
        await _reservations(connection, records, verdict, whole=whole)
        await _events(connection, records, verdict, whole=whole)
        if whole:
            await _histories(connection, records, verdict)
    if whole:
        done = [each for each in ledger.operations.values() if each.is_acknowledged]
        differing = await Load(port, ledger, Workload(random.Random())).ask_again(done)
        verdict.repeats = len(done)
        verdict.expect("the number of repeats with another answer", differing, 0)
    return verdict


async def _levels(
    connection: Connection, records: list[dict[str, Any]], verdict: PastVerdict
) -> None:
    books = fold(records)
    verdict.mismatches += books.faults
    served = {}
    for store in STORES:
        page = await connection.get(f"/stores/{store}/inventory?limit={_PAGE}")
        for level in page["items"]:
            served[store, level["sku"]] = (level["onHand"], level["reserved"], level["version"])
    wanted = {key: book.numbers() for key, book in books.levels.items()}
    for key in served.keys() | wanted.keys():
        verdict.expect(f"level {key}", served.get(key), wanted.get(key))
    verdict.levels += len(wanted)


async def _reservations(
    connection: Connection, records: list[dict[str, Any]], verdict: PastVerdict, *, whole: bool
) -> None:
    wanted: dict[str, tuple[str, Any]] = {}
    for record in records:
        for event in record["events"]:
            if event["type"] == "StockReserved":
                wanted[event["reservationId"]] = "active", event["lines"]
            elif event["type"] in _ENDS:
                held = event["reservationId"]
                wanted[held] = _ENDS[event["type"]], wanted[held][1]
    for held, expected in wanted.items():
        if whole or expected[0] == "active":
            reply = await connection.request("GET", f"/reservations/{held}")
            shown = reply.json()
            told = shown.get("status"), shown.get("lines")
            verdict.expect(f"reservation {held}", told, expected)
            verdict.reservations += 1


async def _events(
    connection: Connection, records: list[dict[str, Any]], verdict: PastVerdict, *, whole: bool
) -> None:
    shown: list[dict[str, Any]] = []
    after = start = 0 if whole else await _deleted_up_to(connection)
    while page := (await connection.get(f"/events?after={after}&limit={_PAGE}"))["items"]:
        shown += page
        after = page[-1]["sequence"]
    wanted = [
        {
            name: record.get(name, [])
            for name in ("sequence", "id", "ts", "actor", "events", "levels")
        }
        for record in records
    ]
    wanted = [record for record in wanted if record["sequence"] > start]
    verdict.expect("the number of records in the feed", len(shown), len(wanted))
    for one, other in zip(shown, wanted, strict=False):
        verdict.expect(f"record {other['sequence']}", one, other)
    verdict.expect("the end of the feed", after, records[-1]["sequence"])
    verdict.events += len(shown)


async def _deleted_up_to(connection: Connection) -> int:
    """Return the record up to which the server says that it has deleted the log."""
    reply = await connection.request("GET", "/events?after=0&limit=1")
    return 0 if reply.is_success else int(reply.json()["after"])


async def _histories(
    connection: Connection, records: list[dict[str, Any]], verdict: PastVerdict
) -> None:
    wanted: dict[tuple[str, str], list[tuple[int, ...]]] = {}
    for record in records:
        for level in record["levels"]:
            entry = record["sequence"], level["onHand"], level["reserved"], level["version"]
            wanted.setdefault((level["storeId"], level["sku"]), []).append(entry)
    for (store, sku), entries in wanted.items():
        shown: list[tuple[int, ...]] = []
        after = 0
        path = f"/stores/{store}/inventory/{sku}/history"
        while page := (await connection.get(f"{path}?after={after}&limit=1000"))["items"]:
            shown += [(it["sequence"], it["onHand"], it["reserved"], it["version"]) for it in page]
            after = page[-1]["sequence"]
        verdict.expect(f"the history of {sku} in {store}", shown, entries)
        verdict.entries += len(entries)
