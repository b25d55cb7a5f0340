"""The one thread that appends to the log, so that the event loop never waits for the disk."""

from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from surestock.journal.append import Appender, Batch
from surestock.journal.scan import Place

Written = Callable[[Batch, Place | BaseException], None]
"""Called in the writer's thread with a batch and where it stands, or why it does not."""


class JournalWriter:
    """Appends the batches that it is handed, in order. Started when made."""

    def __init__(self, appender: Appender, written: Written) -> None:
        self._appender = appender
        self._written = written
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="surestock-journal", daemon=True)
        self._thread.start()

    def put(self, batch: Batch) -> None:
        """Hand over a batch; ``written`` will be called once for it."""
        self._queue.put(batch)

    def close(self) -> None:
        """Append what was handed over, then end the thread and close the log."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            try:
                result: Place | BaseException = self._appender.append(batch)
            except BaseException as error:  # noqa: BLE001 - carried to the event loop, which raises it
                result = error
            self._written(batch, result)
        self._appender.close()
