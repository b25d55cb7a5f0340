"""Reading durable lines back from any sequence on."""

from pathlib import Path

import pytest

from surestock.journal.append import AppendConfig, Appender
from surestock.journal.errors import JournalDamaged
from surestock.journal.read import Span, SparseIndex, read_commits
from surestock.journal.scan import Place, Scan
from surestock.journal.segment import list_segments
from tests.journal.logs import EMPTY, batch, move_to_archive, numbers_of

RECORDS = 300


@pytest.fixture(params=[700, 1 << 20])
def index(tmp_path: Path, request: pytest.FixtureRequest) -> SparseIndex:
    """The index of a log of 300 records in lines of three, over many segments or in one."""
    return indexed(tmp_path, request.param)


def indexed(directory: Path, segment_bytes: int) -> SparseIndex:
    log = Appender(directory, EMPTY, AppendConfig(segment_bytes=segment_bytes))
    index = SparseIndex()
    for first in range(1, RECORDS, 3):
        index.add(first, log.append(batch(first, first + 2)))
    log.close()
    return index


def numbers(span: Span | None, needle: bytes = b"", archive: Path | None = None) -> list[int]:
    assert span is not None
    return numbers_of(read_commits(span, needle, archive))


@pytest.mark.parametrize("sequence", [1, 2, 3, 4, 150, 299, 300])
def test_a_span_holds_everything_from_its_sequence_on(index: SparseIndex, sequence: int) -> None:
    read = numbers(index.span_from(sequence))
    assert read == list(range(read[0], RECORDS + 1))
    assert read[0] <= sequence


def test_a_span_ends_where_the_log_was_durable_when_it_was_asked_for(tmp_path: Path) -> None:
    log = Appender(tmp_path, EMPTY, AppendConfig())
    index = SparseIndex()
    index.add(1, log.append(batch(1)))
    span = index.span_from(1)
    log.append(batch(2))  # written, and not yet told to the index
    assert numbers(span) == numbers(index.span_from(1)) == [1]


def test_lines_without_the_needle_are_left_out(index: SparseIndex) -> None:
    assert numbers(index.span_from(1), b'"n":150}') == [148, 149, 150]


def test_an_empty_log_has_no_span() -> None:
    assert SparseIndex().span_from(1) is None


def test_a_line_that_rotted_since_the_start_is_not_served(index: SparseIndex) -> None:
    span = index.span_from(1)
    assert span is not None
    segment = span.segments[-1]
    content = bytearray(segment.read_bytes())
    content[-20] ^= 1
    segment.write_bytes(content)
    with pytest.raises(JournalDamaged, match=segment.name):
        numbers(span)


def test_segments_that_were_archived_since_are_read_all_the_same(tmp_path: Path) -> None:
    index = indexed(tmp_path, 700)
    plain = [numbers(index.span_from(sequence)) for sequence in range(1, RECORDS, 20)]
    moved = move_to_archive(tmp_path, tmp_path / "archive", 20)
    assert len(moved) == 20
    for sequence, read in zip(range(1, RECORDS, 20), plain, strict=True):
        assert numbers(index.span_from(sequence), archive=tmp_path / "archive") == read


def test_segments_may_be_archived_while_they_are_read(tmp_path: Path) -> None:
    span, archive = indexed(tmp_path, 700).span_from(1), tmp_path / "archive"
    assert span is not None
    read = []
    for commit in read_commits(span, archive=archive):
        read += numbers_of([commit])
        if read[-1] in (9, 30, 90):
            move_to_archive(tmp_path, archive, read[-1] // 9)
    assert len(list(archive.iterdir())) == 14
    assert read == list(range(1, RECORDS + 1))


def test_an_index_of_archived_segments_is_read_in_the_archive(tmp_path: Path) -> None:
    indexed(tmp_path, 700)
    archive = tmp_path / "archive"
    move_to_archive(tmp_path, archive, 20)
    index = SparseIndex()
    for place, commit in Scan(tmp_path, archive):
        index.add(commit.first, place)
    assert numbers(index.span_from(1), archive=archive) == list(range(1, RECORDS + 1))
    assert numbers(index.span_from(100), b'"n":150}', archive) == [148, 149, 150]


def test_damage_in_an_archive_is_named_and_not_served(tmp_path: Path) -> None:
    index = indexed(tmp_path, 700)
    (_, second) = move_to_archive(tmp_path, tmp_path / "archive", 2)
    content = bytearray(second.read_bytes())
    content[-30] ^= 1
    second.write_bytes(content)
    with pytest.raises(JournalDamaged, match=second.name):
        numbers(index.span_from(1), archive=tmp_path / "archive")


def test_a_line_that_rotted_before_it_was_archived_is_named_there(tmp_path: Path) -> None:
    index = indexed(tmp_path, 700)
    rotten = list_segments(tmp_path)[0]
    rotten.write_bytes(rotten.read_bytes().replace(b'"n":2', b'"n":9'))
    (archived,) = move_to_archive(tmp_path, tmp_path / "archive", 1)
    with pytest.raises(JournalDamaged, match="checksum") as caught:
        numbers(index.span_from(1), archive=tmp_path / "archive")
    assert (caught.value.path, caught.value.line) == (archived, 2)


def test_a_segment_that_is_gone_is_named_and_not_passed_over(tmp_path: Path) -> None:
    index = indexed(tmp_path, 700)
    gone = list_segments(tmp_path)[3]
    gone.unlink()
    for archive in (None, tmp_path / "archive"):
        with pytest.raises(JournalDamaged, match=gone.name):
            numbers(index.span_from(1), archive=archive)


def test_a_last_segment_that_lost_its_end_is_not_taken_for_a_whole_one(index: SparseIndex) -> None:
    span = index.span_from(1)
    assert span is not None
    segment = span.segments[-1]
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:-1]))
    with pytest.raises(JournalDamaged, match="more was expected"):
        numbers(span)


def test_what_lies_before_a_segment_can_be_forgotten(tmp_path: Path) -> None:
    index = SparseIndex()
    places = [Place(tmp_path / f"{first:020d}.ndjson", 2, 100, 50) for first in (1, 11, 21)]
    for first, place in zip((1, 11, 21), places, strict=True):
        index.add(first, place)
    index.begin_at(11)
    span = index.span_from(3)
    assert span is not None
    assert (index.begins_at, span.start, span.segments) == (
        11,
        places[1],
        [places[1].segment, places[2].segment],
    )
    index.begin_at(31)
    assert index.span_from(31) is None
