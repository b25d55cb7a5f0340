"""The newest events as text, in pages that are made once and shared by everybody who reads there.

A reader asks for what follows a sequence. When many ask for the same page, one of them makes it and
the others wait; a few pages are kept for those who come a little later. So fifty readers at the
head of the log cost little more than one. At the head, pages are not made as fast as the log grows:
what comes within a twentieth of a second goes out together.
"""

import anyio
from msgspec import Struct

from surestock.api.feed.item import server_sent
from surestock.kit.clock import Clock
from surestock.ledger.port import Engine
from surestock.ledger.record import Record

PAGE_BYTES = 256 * 1024
KEPT_BYTES = 4 * 1024 * 1024
KEPT_PAGES = 32
GATHER_S = 0.05
# Readers that catch up read the log: not with all threads at once, which others need as well.
_MADE_AT_ONCE = 2
_FEWEST_RECORDS = 16
_MOST_RECORDS = 1000


class Page(Struct, frozen=True):
    """Records ``after`` + 1 to ``last`` as server-sent events; each of ``starts`` begins one."""

    after: int
    last: int
    text: bytes
    starts: tuple[int, ...]

    def text_after(self, sequence: int) -> bytes:
        """Return the events above ``sequence``, which is at least ``after`` and below ``last``."""
        begin = self.starts[sequence - self.after]
        return self.text[begin:] if begin else self.text


class Pages:
    """Makes and keeps pages of an engine's records, with the events about carts or without."""

    def __init__(
        self, engine: Engine, clock: Clock, gather_s: float = GATHER_S, *, with_carts: bool = True
    ) -> None:
        self._engine = engine
        self._with_carts = with_carts
        self._clock = clock
        self._gather_s = gather_s
        self._kept: dict[int, Page] = {}
        self._kept_bytes = 0
        self._making: dict[int, anyio.Event] = {}
        self._slots = anyio.Semaphore(_MADE_AT_ONCE)
        self._most_records = _FEWEST_RECORDS
        self._made_at = -gather_s

    async def holding(self, sequence: int) -> Page:
        """Return a page that holds the record after ``sequence``, which must be durable."""
        while True:
            page = self._find(sequence)
            if page is not None:
                return page
            making = self._making.get(sequence)
            if making is None:
                return await self._make(sequence)
            await making.wait()

    def _find(self, sequence: int) -> Page | None:
        """Return a page that is kept, and keep it longer than those that nobody asks for."""
        for after in reversed(self._kept):
            page = self._kept[after]
            if after <= sequence < page.last:
                self._kept[after] = self._kept.pop(after)
                return page
        return None

    async def _make(self, after: int) -> Page:
        # Whoever makes a page may hang up meanwhile: then one of those who wait makes it.
        made = self._making[after] = anyio.Event()
        try:
            await self._gather(after)
            async with self._slots:
                records = await self._engine.records(after, self._most_records)
            page = self._write(after, records)
            self._keep(page)
            return page
        finally:
            del self._making[after]
            made.set()

    async def _gather(self, after: int) -> None:
        """Wait a moment when there is less than a page, and the last one was made just now."""
        if self._engine.status().sequence - after < self._most_records:
            moment = self._made_at + self._gather_s - self._clock.monotonic()
            if moment > 0:
                await anyio.sleep(moment)
            self._made_at = self._clock.monotonic()

    def _write(self, after: int, records: list[Record]) -> Page:
        # To end a stream is better than to go on over a record that was left out.
        parts: list[bytes] = []
        starts: list[int] = []
        size = 0
        for record in records:
            part = server_sent(record, with_carts=self._with_carts)
            if parts and size + len(part) > PAGE_BYTES:
                break
            if record.sequence != after + 1 + len(parts):
                raise AssertionError(f"record {record.sequence} came after {after + len(parts)}")
            starts.append(size)
            parts.append(part)
            size += len(part)
        if not parts:
            raise AssertionError(f"no record came after {after}, though one is durable")
        fitting = PAGE_BYTES * len(parts) // size
        self._most_records = max(_FEWEST_RECORDS, min(_MOST_RECORDS, fitting))
        return Page(after, after + len(parts), b"".join(parts), tuple(starts))

    def _keep(self, page: Page) -> None:
        self._kept[page.after] = page
        self._kept_bytes += len(page.text)
        while self._kept_bytes > KEPT_BYTES or len(self._kept) > KEPT_PAGES:
            oldest = self._kept.pop(next(iter(self._kept)))
            self._kept_bytes -= len(oldest.text)
