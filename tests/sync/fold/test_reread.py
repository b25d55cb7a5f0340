"""Single records are brought back from wherever in the log they stand by now."""

import os
import random
from pathlib import Path

import msgspec
import pytest

from surestock.journal.append import AppendConfig, Appender, Batch, LogEnd
from surestock.journal.archive import archive_segment
from surestock.journal.line import GENESIS
from surestock.journal.segment import list_segments
from surestock.sync.errors import FoldError
from surestock.sync.reread import StoredRecords

TS = "2026-01-01T00:00:00.000000Z"
RECORDS = 9000


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of uneven records in uneven lines, in some segments of some hundred kilobytes."""
    directory = tmp_path_factory.mktemp("log")
    chance = random.Random(7)
    appender = Appender(directory, LogEnd(None, 0, GENESIS), AppendConfig(segment_bytes=700_000))
    first = 1
    while first <= RECORDS:
        last = min(first + chance.choice([0, 0, 1, 5, 400]), RECORDS)
        records = [
            b'{"sequence":%d,"text":"%s"}' % (n, b"x" * chance.choice([1, 500, 2000]))
            for n in range(first, last + 1)
        ]
        appender.append(Batch(first, last, TS, records))
        first = last + 1
    appender.close()
    assert len(list_segments(directory)) > 3
    return directory


@pytest.fixture(params=["plain", "archived"])
def log(request: pytest.FixtureRequest, original: Path, tmp_path: Path) -> StoredRecords:
    """The log as it was written, or with all but its last segment in the archive."""
    directory, archive = tmp_path / "event-log", tmp_path / "archive"
    directory.mkdir()
    for path in list_segments(original):
        os.link(path, directory / path.name)
    if request.param == "archived":
        for path in list_segments(directory)[:-1]:
            archive_segment(path, archive)
            path.unlink()
    return StoredRecords(directory, archive)


def sequence_of(record: bytes | msgspec.Raw) -> int:
    sequence: int = msgspec.json.decode(record)["sequence"]
    return sequence


def test_every_record_is_found_in_order(log: StoredRecords) -> None:
    assert [sequence_of(log.read(n)) for n in range(1, RECORDS + 1)] == list(range(1, RECORDS + 1))


def test_any_record_is_found_in_any_order(log: StoredRecords) -> None:
    chance = random.Random(1)
    wanted = [1, RECORDS, *(chance.randint(1, RECORDS) for _ in range(300))]
    assert [sequence_of(log.read(n)) for n in wanted] == wanted


@pytest.mark.parametrize("sequence", [0, RECORDS + 1])
def test_a_record_that_the_log_does_not_hold_is_said_to_be_missing(
    log: StoredRecords, sequence: int
) -> None:
    with pytest.raises(FoldError, match=f"record {sequence} is "):
        log.read(sequence)


def test_a_segment_that_is_archived_meanwhile_is_still_read(original: Path, tmp_path: Path) -> None:
    directory, archive = tmp_path / "event-log", tmp_path / "archive"
    directory.mkdir()
    for path in list_segments(original):
        os.link(path, directory / path.name)
    log = StoredRecords(directory, archive)
    assert sequence_of(log.read(1)) == 1
    first = list_segments(directory)[0]
    archive_segment(first, archive)
    first.unlink()
    assert [sequence_of(log.read(n)) for n in range(1, 200)] == list(range(1, 200))


def test_a_segment_that_is_gone_is_named(original: Path, tmp_path: Path) -> None:
    directory = tmp_path / "event-log"
    directory.mkdir()
    for path in list_segments(original):
        os.link(path, directory / path.name)
    log = StoredRecords(directory, tmp_path / "archive")
    assert sequence_of(log.read(RECORDS)) == RECORDS
    list_segments(directory)[0].unlink()
    with pytest.raises(FoldError, match=r"record 1 cannot be read again: .* neither"):
        log.read(1)


def test_records_that_are_written_later_are_found_in_later_segments(tmp_path: Path) -> None:
    appender = Appender(tmp_path, LogEnd(None, 0, GENESIS), AppendConfig(segment_bytes=1))
    log = StoredRecords(tmp_path, None)
    for sequence in range(1, 6):
        appender.append(Batch(sequence, sequence, TS, [b'{"sequence":%d}' % sequence]))
        assert sequence_of(log.read(sequence)) == sequence
    appender.close()
    assert sequence_of(log.read(2)) == 2


def test_a_record_in_a_line_that_was_altered_is_not_believed(tmp_path: Path) -> None:
    appender = Appender(tmp_path, LogEnd(None, 0, GENESIS), AppendConfig())
    for sequence in (1, 2):
        appender.append(Batch(sequence, sequence, TS, [b'{"sequence":%d}' % sequence]))
    appender.close()
    [path] = list_segments(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'{"sequence":2}', b'{"sequence":3}'))
    log = StoredRecords(tmp_path, None)
    assert sequence_of(log.read(1)) == 1
    with pytest.raises(FoldError, match=r"record 2 cannot .* its checksum"):
        log.read(2)
