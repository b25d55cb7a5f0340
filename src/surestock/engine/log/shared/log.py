"""Open a log that other processes work on as well.

The first process after a boot, or after one that had the log for itself, recovers it while the
others wait. All later ones read up to the frontier, and hold nobody up by that.
"""

import time
from contextlib import ExitStack

from msgspec.structs import replace

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.covered import check_covered
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.memory import Memory
from surestock.engine.log.recovery import Recovered
from surestock.journal.append import LogEnd
from surestock.journal.errors import LockReplaced, LockStuck
from surestock.journal.frontier_page import FrontierPage, FrontierTorn
from surestock.journal.hold import JournalHold
from surestock.journal.mend import goes_beyond, mend
from surestock.journal.position import Frontier, LogPosition
from surestock.journal.scan import TornTail
from surestock.journal.shared_append import SharedAppender, position_of
from surestock.journal.writer import JournalWriter, Written
from surestock.journal.writer_lock import WriterLock
from surestock.kit.clock import Clock

_LOOK_EVERY_S = 0.05
_RECOVERED_WITHIN_S = 600.0


class SharedLog(OpenLog):
    """A log that this process shares, from when this is made until it is closed.

    ``page`` tells how far it is durable, ``lock`` is the writer lock. Raises as :class:`OpenLog`
    does, ``JournalHeld`` when one has it for itself.
    """

    def __init__(self, config: LogConfig, clock: Clock, observer: LogObserver) -> None:
        super().__init__(config, clock, observer)
        self._is_alone = False
        self._upto_position = LogPosition()
        with ExitStack() as made:
            made.callback(super().close)
            self.page = FrontierPage(config.directory)
            made.callback(self.page.close)
            self.lock = WriterLock(config.directory)
            made.pop_all()

    def _take_hold(self) -> JournalHold:
        return JournalHold(self._config.directory, shared=True)

    def _tidy(self) -> None:
        """Leave what is there: others may be at work."""

    def _recover(self, memory: Memory) -> Recovered:
        try:
            is_known = self.page.read() is not None
        except FrontierTorn:
            is_known = False
        return self._join(memory) if is_known else self._recover_alone(memory)

    def _join(self, memory: Memory) -> Recovered:
        """Recover up to where the log is told to be durable, which is its end for this process."""
        recovered = self._replay(memory)
        told = self._upto_position
        path = told.path(self._config.directory)
        return replace(recovered, end=LogEnd(path, told.end, told.prev, told.lines))

    def _recover_alone(self, memory: Memory) -> Recovered:
        """Recover the whole log, unless somebody else does so first."""
        self._take_lock()
        try:
            if self._told() is None:
                self._is_alone = True
                recovered = super()._recover(memory)
                self.page.want(0.0)  # what was wanted before the machine was started is over
                self.page.write(position_of(recovered.sequence, recovered.end))
                return recovered
        finally:
            self._is_alone = False
            self.lock.release()
        return self._join(memory)

    def _told(self) -> LogPosition | None:
        """Return what the page tells to the holder of the writer lock; nobody else writes it."""
        try:
            return self.page.read()
        except FrontierTorn:
            return None

    def _take_lock(self) -> None:
        for _ in range(int(_RECOVERED_WITHIN_S / _LOOK_EVERY_S)):
            if self.lock.try_take():
                self.lock.sign()
                return
            time.sleep(_LOOK_EVERY_S)
        raise LockStuck(self._config.directory, self.lock.signed_by())

    def _upto(self) -> Frontier | None:
        if self._is_alone:
            return None
        self._upto_position = position = self._read_page()
        return position.frontier or Frontier(0, 0, 0)

    def _check_covered(self, sequence: int, torn: TornTail | None) -> None:
        """Compare with how far the log is durable by now: others go on meanwhile."""
        if self._is_alone:
            super()._check_covered(sequence, torn)
        else:
            check_covered(self._config, lambda: self._read_page().sequence)

    def _read_page(self) -> LogPosition:
        """Return what the page tells, which it does. Raises a ``JournalError`` when it is gone."""
        position = self.page.read()
        if position is None:
            raise LockReplaced(self._config.directory)
        return position

    def begin(self, applied: LogPosition) -> LogPosition:
        """Return where the log ends, and is written on from, made sound if its last writer died.

        In a thread, while nothing waits to be written. The caller has the writer lock, and has
        applied the log up to ``applied``. Raises ``NoRoom``, which may pass; another
        ``JournalError`` or ``OSError`` is final.
        """
        directory = self._config.directory
        if not (self.lock.is_in_use() and self.page.is_in_use()):
            raise LockReplaced(directory)
        found = self._told()
        self.lock.sign()
        if found is None or goes_beyond(directory, found):
            archive, torn = self._config.archive, self._observer.torn
            found = mend(directory, archive, found or applied, torn)
            self.page.write(found)
        self.appender.resume(found)
        return found

    def writer(self, end: LogEnd, written: Written) -> JournalWriter:
        """Start the thread that writes, each time from where ``appender`` is told to go on."""
        self.appender = self._appender(end, SharedAppender)
        self.appender.page = self.page
        return JournalWriter(self.appender, written)

    def close(self) -> None:
        """Let go of the log."""
        self.lock.close()
        self.page.close()
        super().close()
