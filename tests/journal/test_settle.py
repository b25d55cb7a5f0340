"""At start, what a killed process left unsynced is made durable before it is believed."""

import errno
import os
from pathlib import Path

import pytest

from surestock.journal.errors import JournalError
from surestock.journal.settle import settle
from tests.engine.log.bench import count, engine_on, sent
from tests.journal.logs import failing, write_log


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files and directories that are synced, in order."""
    names: list[str] = []
    real = os.fsync

    def sync(fd: int) -> None:
        names.append(Path(f"/proc/self/fd/{fd}").readlink().name)
        real(fd)

    monkeypatch.setattr(os, "fsync", sync)
    return names


def test_the_last_segment_and_the_names_of_all_are_synced(
    tmp_path: Path, synced: list[str]
) -> None:
    log = tmp_path / "event-log"
    log.mkdir()
    write_log(log, 50, segment_bytes=500)
    synced.clear()
    settle(log)
    assert synced == [max(log.glob("*.ndjson")).name, "event-log", tmp_path.name]


async def test_an_engine_settles_its_log_before_it_reads_it(
    tmp_path: Path, synced: list[str]
) -> None:
    log = tmp_path / "event-log"
    async with engine_on(log) as engine:
        await engine.transact(sent(count(1)))
    synced.clear()
    async with engine_on(log) as engine:
        assert synced == ["00000000000000000001.ndjson", "event-log", tmp_path.name]
        assert engine.status().sequence == 1


async def test_a_log_that_cannot_be_settled_is_not_started_on(tmp_path: Path) -> None:
    log = tmp_path / "event-log"
    async with engine_on(log) as engine:
        await engine.transact(sent(count(1)))
    broken = OSError(errno.EIO, "Input/output error")
    for failpoint in ("settle.fsync", "directory.fsync"):
        with failing(failpoint, broken), pytest.raises(JournalError, match="Input/output error"):
            async with engine_on(log):
                pass
    async with engine_on(log) as engine:
        assert engine.status().sequence == 1
