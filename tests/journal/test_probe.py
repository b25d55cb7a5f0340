"""A probe tells whether the log can grow, by growing something; nobody takes it for the log."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.errors import NoRoom, SyncFailed, WriteFailed
from surestock.journal.probe import probe_room, remove_probe
from surestock.journal.scan import Scan
from surestock.journal.segment import all_segments, list_segments
from tests.faults.plan import no_room
from tests.journal.logs import EMPTY, TS, batch, failing, read_log, write_log

BROKEN = OSError(errno.EIO, "Input/output error")
FULL = OSError(errno.ENOSPC, "No space left on device")
MIB = 1 << 20


def opened(directory: Path, end: LogEnd = EMPTY, **more: Any) -> Appender:
    return Appender(directory, end, AppendConfig(retry_times=0), **more)


def sizes_seen(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note how large each probe is when it is synced."""
    sizes: list[int] = []
    real = os.fdatasync

    def sync(fd: int) -> None:
        if Path(f"/proc/self/fd/{fd}").readlink().name == "probe.tmp":
            sizes.append(os.fstat(fd).st_size)
        real(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    return sizes


def test_a_probe_writes_syncs_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = sizes_seen(monkeypatch)
    log = opened(tmp_path)
    log.append(batch(1))
    log.probe()
    assert sizes == [MIB]
    assert [path.suffix for path in tmp_path.iterdir()] == [".ndjson"]
    log.append(batch(2))
    assert read_log(tmp_path) == [1, 2]


def test_a_probe_is_as_large_as_what_failed_and_a_megabyte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = sizes_seen(monkeypatch)
    log = opened(tmp_path)
    for size in (3 * MIB, 30 * MIB):
        record = bytes(size)
        with no_room("journal.segment.create"), pytest.raises(WriteFailed):
            log.append(Batch(1, 1, TS, [record]))
        log.probe()
    assert sizes == [4 * MIB, 8 * MIB]


@pytest.mark.parametrize(
    "failpoint",
    [
        "journal.truncate",
        "journal.probe.create",
        "journal.probe.write",
        "journal.probe.fdatasync",
        "journal.probe.unlink",
    ],
)
def test_a_probe_that_fails_at_any_step_says_so_and_the_next_one_starts_anew(
    tmp_path: Path, failpoint: str
) -> None:
    log = opened(tmp_path)
    log.append(batch(1))
    with no_room("journal.write"), pytest.raises(WriteFailed):
        log.append(batch(2))
    for _ in range(2):
        with failing(failpoint, BROKEN), pytest.raises(OSError, match="Input/output error"):
            log.probe()
    log.probe()
    assert not (tmp_path / "probe.tmp").exists()
    log.append(batch(2))
    assert read_log(tmp_path) == [1, 2]


def test_a_probe_cuts_off_what_a_short_write_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = opened(tmp_path)
    log.append(batch(1))
    (segment,) = list_segments(tmp_path)
    sound = segment.stat().st_size
    real: Callable[..., int] = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda fd, line, offset: real(fd, line[:9], offset))
    with pytest.raises(WriteFailed, match="only 9 of"):
        log.append(batch(2))
    assert segment.stat().st_size == sound + 9
    log.probe()
    assert segment.stat().st_size == sound


def torn_log(directory: Path) -> tuple[LogEnd, bytes]:
    """A log of three lines, the last torn; return its end, as a start finds it, and the tail."""
    write_log(directory, 3)
    (segment,) = list_segments(directory)
    segment.write_bytes(segment.read_bytes()[:-5])
    scan = Scan(directory)
    *_, (place, commit) = scan
    assert scan.torn is not None
    end = LogEnd(place.segment, place.offset + place.length, commit.crc, place.line, scan.torn)
    return end, segment.read_bytes()[scan.torn.offset :]


def test_a_torn_tail_that_is_owed_is_set_aside_before_anything_else_is_written(
    tmp_path: Path,
) -> None:
    end, tail = torn_log(tmp_path)
    told: list[tuple[Path, str]] = []
    log = opened(tmp_path, end, on_repair=lambda aside, why: told.append((aside, why)))
    with no_room("file.write"):
        with pytest.raises(NoRoom):
            log.probe()
        with pytest.raises(WriteFailed):
            log.append(batch(3))
    assert told == []
    log.probe()
    assert end.torn is not None
    assert [(aside.read_bytes(), why) for aside, why in told] == [(tail, end.torn.why)]
    log.append(batch(3))
    log.probe()
    assert len(told) == 1
    assert read_log(tmp_path) == [1, 2, 3]


def test_a_cut_that_may_not_be_durable_is_never_tried_again(tmp_path: Path) -> None:
    end, _ = torn_log(tmp_path)
    log = opened(tmp_path, end)
    with failing("repair.truncate.fsync", FULL), pytest.raises(SyncFailed, match="made sound"):
        log.probe()


def test_what_a_killed_process_left_of_a_probe_is_no_segment_and_goes_at_the_next_start(
    tmp_path: Path,
) -> None:
    write_log(tmp_path, 3)
    shutil.copy(list_segments(tmp_path)[0], tmp_path / "probe.tmp")
    assert len(list_segments(tmp_path)) == len(all_segments(tmp_path, tmp_path)) == 1
    assert read_log(tmp_path) == [1, 2, 3]
    remove_probe(tmp_path)
    remove_probe(tmp_path)
    assert [path.suffix for path in tmp_path.iterdir()] == [".ndjson"]


def test_a_probe_is_for_the_owner_alone_and_no_equal_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[int, bytes]] = []
    real = os.fdatasync

    def sync(fd: int) -> None:
        seen.append((os.fstat(fd).st_mode & 0o777, (tmp_path / "probe.tmp").read_bytes()))
        real(fd)

    monkeypatch.setattr(os, "fdatasync", sync)
    probe_room(tmp_path, 4096)
    ((mode, content),) = seen
    assert mode == 0o600
    assert len(content) == 4096
    assert len(set(content)) > 200


def test_how_long_the_disk_took_is_measured_around_the_sync_alone(tmp_path: Path) -> None:
    ticks = iter(range(100))
    log = opened(tmp_path, monotonic=lambda: float(next(ticks)))
    log.append(batch(1))
    assert (log.synced_s, next(ticks)) == (1.0, 2)
