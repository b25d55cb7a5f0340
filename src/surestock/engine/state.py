"""The durable state in memory: what the records so far amount to."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from sortedcontainers import SortedList

from surestock.engine.timers import Timers
from surestock.inventory.document import Document, DocumentKey, Gone
from surestock.inventory.model import Level, Reservation, StockKey


class State:
    """Levels, reservations and documents by key. Implements ``inventory.view.View``."""

    def __init__(self) -> None:
        self.levels: dict[StockKey, Level] = {}
        self.reservations: dict[str, Reservation] = {}
        self.documents: dict[DocumentKey, Document] = {}
        self._skus: dict[str, SortedList[str]] = {}
        self._ids: dict[str, SortedList[str]] = {}

    def load(
        self,
        levels: Iterable[Level],
        reservations: Iterable[Reservation],
        documents: Iterable[Document] = (),
    ) -> None:
        """Take over what a snapshot holds, into an empty state. Levels are sorted by store."""
        self.levels.update((level.key, level) for level in levels)
        for store_id, of_store in groupby(self.levels, lambda key: key[0]):
            self._skus[store_id] = SortedList(sku for _, sku in of_store)
        self.reservations.update((held.reservation_id, held) for held in reservations)
        self.keep(documents)

    def in_order(self) -> Iterator[Level]:
        """Yield every level, sorted by store and SKU."""
        for store_id in sorted(self._skus):
            for sku in self._skus[store_id]:
                yield self.levels[store_id, sku]

    def active(self) -> list[Reservation]:
        """Return the active reservations, sorted by id."""
        held = [it for it in self.reservations.values() if it.status == "active"]
        return sorted(held, key=lambda it: it.reservation_id)

    def all_documents(self) -> list[Document]:
        """Return every document, sorted by key."""
        return [self.documents[key] for key in sorted(self.documents)]

    def forget(self, reservation_ids: Iterable[str]) -> None:
        """Let go of reservations that have had their end: the log tells what became of them."""
        for reservation_id in reservation_ids:
            del self.reservations[reservation_id]

    def level(self, key: StockKey) -> Level | None:
        """Return the level on record, or None."""
        return self.levels.get(key)

    def reservation(self, reservation_id: str) -> Reservation | None:
        """Return the reservation on record, or None."""
        return self.reservations.get(reservation_id)

    def document(self, key: DocumentKey) -> Document | None:
        """Return the document on record, or None."""
        return self.documents.get(key)

    def due(self, key: StockKey, now: datetime) -> Iterable[Reservation]:  # noqa: ARG002 - the port
        """Return nothing: a replayed record names the reservations that it ends."""
        return ()

    def apply(self, levels: Iterable[Level], reservations: Iterable[Reservation]) -> None:
        """Take over what one record changed."""
        for level in levels:
            self.levels[level.store_id, level.sku] = level
            if level.version == 1:
                self._add_to_pages(level)
        for held in reservations:
            self.reservations[held.reservation_id] = held

    def keep(self, documents: Iterable[Document]) -> None:
        """Take over the documents that one record changed; those that are gone are let go of."""
        for document in documents:
            key = document.key
            if type(document) is Gone:
                if self.documents.pop(key, None) is not None:
                    self._ids[key[0]].remove(key[1])
                continue
            if key not in self.documents:
                self._ids.setdefault(key[0], SortedList()).add(key[1])
            self.documents[key] = document

    def _add_to_pages(self, level: Level) -> None:
        skus = self._skus.get(level.store_id)
        if skus is None:
            skus = self._skus[level.store_id] = SortedList()
        skus.add(level.sku)

    def page(self, store_id: str, after: str, limit: int) -> list[Level]:
        """Return up to ``limit`` levels of a store whose SKU sorts after ``after``, in order."""
        skus = self._skus.get(store_id)
        if skus is None:
            return []
        start = skus.bisect_right(after)
        return [self.levels[store_id, sku] for sku in skus.islice(start, start + limit)]

    def page_of(self, kind: str, after: str, limit: int) -> list[Document]:
        """Return up to ``limit`` documents of a kind whose id sorts after ``after``, in order."""
        ids = self._ids.get(kind)
        if ids is None:
            return []
        start = ids.bisect_right(after)
        return [self.documents[kind, it] for it in ids.islice(start, start + limit)]


class TimedView:
    """A view over some state, with timers to find what is due in it."""

    def __init__(self, state: State, timers: Timers) -> None:
        self.level = state.levels.get
        self.reservation = state.reservations.get
        self.document = state.documents.get
        self._timers = timers

    def due(self, key: StockKey, now: datetime) -> list[Reservation]:
        """Return the reservations with a line on ``key`` that are due at ``now``."""
        due = []
        for reservation_id in self._timers.candidates(key, now):
            held = self.reservation(reservation_id)
            if held is not None and held.is_due(now):
                due.append(held)
        return due
