"""The writer's thread: each batch is told of once, with the disk's time; so is each probe."""

from pathlib import Path
from queue import SimpleQueue
from threading import current_thread
from typing import Any

from surestock.journal.append import AppendConfig, Appender, Batch
from surestock.journal.errors import SyncFailed, WriteFailed
from surestock.journal.scan import Place
from surestock.journal.writer import JournalWriter
from tests.faults.plan import no_room
from tests.journal.logs import EMPTY, batch, failing, read_log

_WAIT_S = 10


class Told:
    """A writer, and what it told, with the thread that it was told in."""

    def __init__(self, directory: Path) -> None:
        self.results: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        ticks = iter(range(1000))
        config = AppendConfig(retry_times=0)
        appender = Appender(directory, EMPTY, config, monotonic=lambda: next(ticks) * 0.5)
        self.writer = JournalWriter(appender, self._written)

    def _written(self, done: Batch, result: Place | BaseException, synced_s: float) -> None:
        self.results.put((current_thread().name, done.first, result, synced_s))

    def next(self) -> tuple[Any, ...]:
        return self.results.get(timeout=_WAIT_S)

    def probed(self) -> BaseException | None:
        answers: SimpleQueue[BaseException | None] = SimpleQueue()
        self.writer.probe(answers.put)
        return answers.get(timeout=_WAIT_S)


def test_each_batch_is_told_of_with_how_long_its_sync_took(tmp_path: Path) -> None:
    told = Told(tmp_path)
    for n in (1, 2):
        told.writer.put(batch(n))
        thread, first, place, synced_s = told.next()
        assert (thread, first, synced_s) == ("surestock-journal", n, 0.5)
        assert isinstance(place, Place)
    told.writer.close()
    assert read_log(tmp_path) == [1, 2]


def test_a_probe_is_answered_in_its_turn_and_the_thread_goes_on_whatever_it_finds(
    tmp_path: Path,
) -> None:
    told = Told(tmp_path)
    told.writer.put(batch(1))
    assert told.probed() is None
    told.next()
    with no_room("journal.write", "journal.probe.write"):
        told.writer.put(batch(2))
        assert isinstance(told.next()[2], WriteFailed)
        assert isinstance(told.probed(), OSError)
    assert told.probed() is None
    told.writer.put(batch(2))
    assert isinstance(told.next()[2], Place)
    told.writer.close()
    assert read_log(tmp_path) == [1, 2]


def test_a_sync_that_failed_is_carried_over(tmp_path: Path) -> None:
    told = Told(tmp_path)
    with failing("journal.fdatasync", OSError(5, "Input/output error")):
        told.writer.put(batch(1))
        assert isinstance(told.next()[2], SyncFailed)
    told.writer.close()
    assert told.results.empty()
