"""Reading durable lines back from any sequence on."""

from pathlib import Path

import msgspec
import pytest

from surestock.journal.append import AppendConfig, Appender
from surestock.journal.errors import JournalDamaged
from surestock.journal.read import Span, SparseIndex, read_commits
from tests.journal.logs import EMPTY, batch

RECORDS = 300


@pytest.fixture(params=[700, 1 << 20])
def index(tmp_path: Path, request: pytest.FixtureRequest) -> SparseIndex:
    """The index of a log of 300 records in lines of three, over many segments or in one."""
    log = Appender(tmp_path, EMPTY, AppendConfig(segment_bytes=request.param))
    index = SparseIndex()
    for first in range(1, RECORDS, 3):
        index.add(first, log.append(batch(first, first + 2)))
    log.close()
    return index


def numbers(span: Span | None, needle: bytes = b"") -> list[int]:
    assert span is not None
    return [
        record["n"]
        for commit in read_commits(span, needle)
        for record in msgspec.json.decode(commit.records)
    ]


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
