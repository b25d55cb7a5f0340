"""Take hold of a log directory: lock it, repair it, replay it, open its end for writing."""

from datetime import datetime
from typing import TypeVar

from msgspec.structs import replace

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.covered import check_covered
from surestock.engine.log.indexing import index_missing
from surestock.engine.log.memory import Memory
from surestock.engine.log.old import Old
from surestock.engine.log.recovery import Recovered, Replay, replay
from surestock.engine.log.turn import turn
from surestock.journal.append import Appender, LogEnd
from surestock.journal.errors import JournalError, NoRoom
from surestock.journal.frontier_page import forget_frontier
from surestock.journal.hold import JournalHold
from surestock.journal.position import Frontier
from surestock.journal.probe import remove_probe
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import LogStart, Scan, TornTail
from surestock.journal.settle import settle
from surestock.journal.writer import JournalWriter, Written
from surestock.kit.clock import Clock
from surestock.kit.files import make_directory
from surestock.snapshot import newest_snapshot

_UPKEEP_ENDS_WITHIN_S = 60.0

A = TypeVar("A", bound=Appender)


class OpenLog:
    """A log that this process holds, from when this is made until it is closed.

    Raises ``OSError`` when the directory cannot be used, ``JournalHeld`` when another has it.
    """

    def __init__(self, config: LogConfig, clock: Clock, observer: LogObserver) -> None:
        self._config = config
        self._clock = clock
        self._observer = observer
        make_directory(config.directory)
        self._hold = self._take_hold()
        try:
            self._tidy()
        except BaseException:
            self._hold.close()
            raise

    def _take_hold(self) -> JournalHold:
        return JournalHold(self._config.directory)

    def _tidy(self) -> None:
        """Remove what others left: a probe, and what those who shared the log told each other."""
        remove_probe(self._config.directory)
        forget_frontier(self._config.directory)

    def replay(self, memory: Memory) -> Recovered:
        """Bring ``memory`` to what the log says; cut off a torn tail.

        It begins with the newest sound snapshot, if there is one. Raises a ``JournalError``; then
        the log is as it was.
        """
        started = self._clock.monotonic()
        try:
            recovered = self._recover(memory)
        except OSError as error:
            msg = f"The event log cannot be read and made sound: {error.strerror or error}."
            raise JournalError(msg) from error
        self._observer.recovered(recovered.sequence, self._clock.monotonic() - started)
        return recovered

    def _recover(self, memory: Memory) -> Recovered:
        settle(self._config.directory)
        return self._replay(memory)

    def _upto(self) -> Frontier | None:
        """Return how far the log is known to be durable; None: it stands still, so look."""
        return None

    def _replay(self, memory: Memory) -> Recovered:
        config = self._config
        oldest = self._clock.now() - config.idempotency_ttl
        snapshot = newest_snapshot(config.snapshots, self._observer.damaged)
        start = LogStart() if snapshot is None else LogStart(snapshot.sequence, snapshot.crc)
        # What a snapshot stands for is not read, so its keys must be found on disk.
        indexed = self._index_up_to(start.sequence, oldest, memory.old)
        fold = Replay(memory.state, memory.keys, memory.resolved, indexed)
        if snapshot is not None:
            fold.begin_at(snapshot)
        memory.index.begin_at(start.sequence + 1)
        scan = Scan(config.directory, config.archive, start, upto=self._upto())
        recovered = replay(scan, fold, memory.index)
        self._check_covered(recovered.sequence, scan.torn)
        if scan.torn is None:
            return recovered
        try:
            aside = cut_torn_tail(scan.torn)
        except NoRoom:
            # Reading goes on; whoever appends repairs it first, once there is room.
            return replace(recovered, end=replace(recovered.end, torn=scan.torn))
        self._observer.torn(aside, scan.torn.why)
        return recovered

    def _check_covered(self, sequence: int, torn: TornTail | None) -> None:
        check_covered(self._config, lambda: sequence, torn)

    def _index_up_to(self, sequence: int, oldest: datetime, old: Old) -> int:
        """Index what is missing up to ``sequence``; return up to where everything is indexed."""
        indexed = old.refresh(oldest)
        if indexed < sequence:
            with turn(self._config.index, _UPKEEP_ENDS_WITHIN_S):
                index_missing(self._config, oldest, self._observer.indexed)
            indexed = old.refresh(oldest)
        return max(indexed, sequence)

    def writer(self, end: LogEnd, written: Written) -> JournalWriter:
        """Start the thread that writes on from ``end``."""
        return JournalWriter(self._appender(end, Appender), written)

    def _appender(self, end: LogEnd, kind: type[A]) -> A:
        return kind(
            self._config.directory,
            end,
            self._config.append,
            self._observer.retried,
            on_repair=self._observer.torn,
            monotonic=self._clock.monotonic,
        )

    def close(self) -> None:
        """Let go of the log."""
        self._hold.close()
