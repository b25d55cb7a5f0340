"""Take hold of a log directory: lock it, repair it, replay it, open its end for writing."""

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.recovery import Recovered, replay
from surestock.engine.state import State
from surestock.idempotency import KeyIndex
from surestock.journal.append import Appender, LogEnd
from surestock.journal.errors import JournalError
from surestock.journal.hold import JournalHold
from surestock.journal.read import SparseIndex
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import Scan
from surestock.journal.settle import settle
from surestock.journal.writer import JournalWriter, Written
from surestock.kit.clock import Clock
from surestock.kit.files import make_directory


class OpenLog:
    """A log that this process holds, from when this is made until it is closed.

    Raises ``OSError`` when the directory cannot be used, ``JournalHeld`` when another has it.
    """

    def __init__(self, config: LogConfig, clock: Clock, observer: LogObserver) -> None:
        self._config = config
        self._clock = clock
        self._observer = observer
        make_directory(config.directory)
        self._hold = JournalHold(config.directory)

    def replay(self, state: State, keys: KeyIndex, index: SparseIndex) -> Recovered:
        """Replay the log into ``state``, ``keys`` and ``index``; cut off a torn tail.

        Raises a ``JournalError``; then the log is as it was.
        """
        started = self._clock.monotonic()
        scan = Scan(self._config.directory)
        try:
            settle(self._config.directory)
            recovered = replay(scan, state, keys, index)
            if scan.torn is not None:
                aside = cut_torn_tail(scan.torn)
                self._observer.torn(aside, scan.torn.why)
        except OSError as error:
            msg = f"The event log cannot be read and made sound: {error.strerror or error}."
            raise JournalError(msg) from error
        self._observer.recovered(recovered.sequence, self._clock.monotonic() - started)
        return recovered

    def writer(self, end: LogEnd, written: Written) -> JournalWriter:
        """Start the thread that writes on from ``end``."""
        appender = Appender(
            self._config.directory, end, self._config.append, self._observer.retried
        )
        return JournalWriter(appender, written)

    def close(self) -> None:
        """Let go of the log."""
        self._hold.close()
