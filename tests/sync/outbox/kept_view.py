"""The view in PostgreSQL behind the calls of the one in memory, so that one attack fits both."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ClassVar, TypeVar

import asyncpg
from msgspec import Raw

from surestock.inventory.central import CentralStock, DeadLetter
from surestock.inventory.model import Level
from surestock.sync.check import Check
from surestock.sync.outbox.deciding import FIRST, decide, drain_some, retry_some
from surestock.sync.outbox.folding import Rules, fold_some
from surestock.sync.outbox.reading import oldest_needed, read_letters, read_stock, read_tide
from surestock.sync.view import CentralView
from tests.sync.fold.paper import PaperLog

_T = TypeVar("_T")

_EMPTY = """
TRUNCATE surestock.records, surestock.central, surestock.central_letters,
    surestock.central_doubts, surestock.central_parked;
UPDATE surestock.head SET sequence = 0;
UPDATE surestock.central_head
SET sequence = 0, opened_letters = 0, open_letters = 0, draining = 0;
"""
_PUT = "INSERT INTO surestock.records (sequence, id, body) VALUES ($1, '', $2)"
_HEAD = "UPDATE surestock.head SET sequence = $1"


class KeptView(CentralView):
    """Takes what :class:`CentralView` does; what is kept is in the database of ``connection``."""

    runner: ClassVar[asyncio.Runner]
    connection: ClassVar[asyncpg.Connection]

    def __init__(self, *parts: Any) -> None:
        _, read, now, _, _, check = parts
        self.check: Check = check
        self.rules = Rules(now, 0.0, check=check)
        self.log: PaperLog = read.__self__
        self.put = 0
        self.do(lambda it: it.execute(_EMPTY))

    def do(self, work: Callable[[asyncpg.Connection], Awaitable[_T]]) -> _T:
        async def run() -> _T:
            return await work(self.connection)

        return self.runner.run(run())

    @property
    def applied_sequence(self) -> int:
        return self.do(read_tide).applied

    @property
    def open_letters(self) -> int:
        return self.do(read_tide).open_letters

    @property
    def oldest_parked(self) -> int | None:
        oldest = self.do(oldest_needed)
        return oldest if oldest <= self.applied_sequence else None

    def find(self, sku: str) -> CentralStock | None:
        return self.do(lambda it: read_stock(it, sku))[0]

    def letters(self, after: str = "", limit: int | None = None) -> list[DeadLetter]:
        return self.do(lambda it: read_letters(it, FIRST, 10_000))[0]

    def seed(self, sequence: int, levels: Iterable[Level]) -> None:
        raise AssertionError("there is no snapshot to start from")

    def apply(self, records: Raw | bytes) -> int:
        before = self.applied_sequence
        for sequence in range(self.put + 1, self.log.sequence + 1):
            body = self.log.records[sequence - 1].decode()
            self.do(lambda it, one=sequence, told=body: it.execute(_PUT, one, told))  # type: ignore[misc]
        self.put = self.log.sequence
        self.do(lambda it: it.execute(_HEAD, self.put))
        while (folded := self.do(lambda it: fold_some(it, 2, self.rules))) and folded.is_full:
            pass
        return self.applied_sequence - before

    def retry(self) -> None:
        self.do(lambda it: retry_some(it, FIRST, self.rules))
        self.drain()

    def redrive(self, letter_id: str) -> DeadLetter:
        self.do(lambda it: decide(it, letter_id, None, self.rules))
        return self.drained(letter_id)

    def discard(self, letter_id: str, reason: str) -> DeadLetter:
        self.do(lambda it: decide(it, letter_id, reason, self.rules))
        return self.drained(letter_id)

    def drained(self, letter_id: str) -> DeadLetter:
        self.drain()
        [letter] = [letter for letter in self.letters() if letter.id == letter_id]
        return letter

    def drain(self) -> None:
        drains = 0
        while self.do(lambda it: drain_some(it, self.rules)):
            drains += 1
            assert drains < 1000, "it comes to no end"
