"""The one thread that appends to the log, so that the event loop never waits for the disk."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from surestock.journal.append import Appender, Batch
from surestock.journal.scan import Place

Written = Callable[[Batch, Place | BaseException, float], None]
"""Called in the writer's thread with a batch, where it stands or why it does not, and how many
seconds the disk took to sync it."""

Probed = Callable[[BaseException | None], None]
"""Called in the writer's thread with why the log cannot be appended to; None when it can."""


class JournalWriter:
    """Appends the batches that it is handed, in order. Started when made."""

    def __init__(self, appender: Appender, written: Written) -> None:
        self._appender = appender
        self._written = written
        self._queue: SimpleQueue[Batch | Probed | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="surestock-journal", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hand over a batch; ``written`` will be called once for it."""
        self._queue.put(batch)

    def probe(self, probed: Probed) -> None:
        """Let the thread find out whether the log can grow; ``probed`` will be called once."""
        self._queue.put(probed)

    def close(self) -> None:
        """Append what was handed over, then end the thread and close the log."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._queue.get()) is not None:
            if isinstance(work, Batch):
                self._append(work)
            else:
                self._probe(work)
        self._appender.close()

    def _append(self, batch: Batch) -> None:
        try:
            result: Place | BaseException = self._appender.append(batch)
        except BaseException as error:  # noqa: BLE001 - carried to the event loop, which raises it
            result = error
        self._written(batch, result, self._appender.synced_s)

    def _probe(self, probed: Probed) -> None:
        result: BaseException | None = None
        try:
            self._appender.probe()
        except BaseException as error:  # noqa: BLE001 - the same
            result = error
        probed(result)
