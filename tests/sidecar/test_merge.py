"""Merging: few runs however many were written, every entry kept, bounded memory."""

import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest

from surestock.sidecar import file as file_module
from surestock.sidecar import merge as merge_module
from surestock.sidecar.entry import Entry
from surestock.sidecar.file import RunFile
from surestock.sidecar.listing import run_path
from surestock.sidecar.merge import merge_runs
from tests.sidecar.shelf import KEYS, digest, entry, flip, opened, put, ranges


@pytest.fixture
def small_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let tiers begin at one entry, so that small runs are in tiers as large ones are."""
    monkeypatch.setattr(merge_module, "_SMALLEST_TIER", 1)


def merge(directory: Path, longest: timedelta | None = None) -> int:
    return merge_runs(directory, KEYS, longest)


def assert_all_found(directory: Path, last: int) -> None:
    runs = opened(directory)
    assert runs.covers(1, last)
    assert [runs.find(digest(number)) for number in range(1, last + 1)] == [
        [entry(number)] for number in range(1, last + 1)
    ]


def entries_on_disk(path: Path) -> list[bytes]:
    with RunFile(path) as run:
        return [packed for some in run.entries() for packed in some]


def test_four_neighbours_become_one_that_is_as_if_it_had_been_written_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "_PAGES_AT_ONCE", 1)
    for number in range(4):
        put(tmp_path, number * 300 + 1, number * 300 + 300, at=number)
    assert merge(tmp_path) == 1
    assert ranges(tmp_path) == [(1, 1200)]
    assert_all_found(tmp_path, 1200)
    merged = run_path(tmp_path, 1, 1200, KEYS)
    content, entries = merged.read_bytes(), entries_on_disk(merged)
    assert entries == sorted(entries)
    merged.unlink()
    put(tmp_path, 1, 1200, at=3)
    written = merged.read_bytes()
    assert entries_on_disk(merged) == entries
    # All but the head, in which the oldest of the merged runs is told too.
    assert content[4096:] == written[4096:]
    assert len(list(tmp_path.iterdir())) == 1


def test_three_are_left_alone(tmp_path: Path) -> None:
    for number in range(1, 4):
        put(tmp_path, number, number)
    assert merge(tmp_path) == 0
    assert len(ranges(tmp_path)) == 3


def test_runs_with_a_gap_between_them_are_not_merged(tmp_path: Path) -> None:
    for number in (1, 2, 3, 5, 6, 7):
        put(tmp_path, number, number)
    assert merge(tmp_path) == 0
    put(tmp_path, 4, 4)
    assert merge(tmp_path) == 2
    assert ranges(tmp_path) == [(1, 7)]
    assert_all_found(tmp_path, 7)


@pytest.mark.usefixtures("small_tiers")
def test_each_entry_is_written_once_a_tier_and_the_runs_stay_few(tmp_path: Path) -> None:
    written = most = 0
    for number in range(1, 257):
        put(tmp_path, number, number)
        before = set(ranges(tmp_path))
        merge(tmp_path)
        made = set(ranges(tmp_path)) - before
        # Of merges of merges only the last is left to see: the ones before it were as large.
        written += sum(last - first + 1 for first, last in made)
        most = max(most, len(ranges(tmp_path)))
    assert ranges(tmp_path) == [(1, 256)]
    assert most <= 3 * 4
    assert written <= 256 * 4
    assert_all_found(tmp_path, 256)


@pytest.mark.usefixtures("small_tiers")
def test_small_runs_between_large_ones_do_not_keep_those_apart(tmp_path: Path) -> None:
    last = most = 0
    for number in range(120):
        size = 50 if number % 3 == 0 else 1
        put(tmp_path, last + 1, last + size)
        last += size
        merge(tmp_path)
        most = max(most, len(ranges(tmp_path)))
    assert most <= 30
    assert_all_found(tmp_path, last)


@pytest.mark.usefixtures("small_tiers")
def test_a_large_run_is_not_written_again_for_the_small_ones_beside_it(tmp_path: Path) -> None:
    for first, last in ((1, 1), (2, 2), (3, 102), (103, 103), (104, 104), (105, 105)):
        put(tmp_path, first, last)
    assert merge(tmp_path) == 0
    put(tmp_path, 106, 106)
    assert merge(tmp_path) == 1
    assert ranges(tmp_path) == [(1, 1), (2, 2), (3, 102), (103, 106)]


@pytest.mark.usefixtures("small_tiers")
def test_a_merged_run_spans_no_more_time_than_it_may_however_often_it_is_merged(
    tmp_path: Path,
) -> None:
    for number in range(1, 101):
        put(tmp_path, number, number, at=number)
        merge(tmp_path, timedelta(minutes=13))
        assert all(last - first <= 13 for first, last in ranges(tmp_path))
    assert len(ranges(tmp_path)) <= 100 / 4 + 3
    assert_all_found(tmp_path, 100)


def test_runs_that_are_too_far_apart_do_not_keep_later_ones_from_being_merged(
    tmp_path: Path,
) -> None:
    for number, at in enumerate((0, 100, 200, 300, 301, 302, 303), start=1):
        put(tmp_path, number, number, at=at)
    assert merge(tmp_path, timedelta(minutes=5)) == 1
    assert ranges(tmp_path) == [(1, 1), (2, 2), (3, 3), (4, 7)]


def test_a_clock_that_ran_backwards_is_no_short_time(tmp_path: Path) -> None:
    for number in range(1, 5):
        put(tmp_path, number, number, at=-10 * number)
    assert merge(tmp_path, timedelta(minutes=29)) == 0
    assert merge(tmp_path, timedelta(minutes=30)) == 1


def test_an_entry_that_stands_in_several_runs_is_kept_once(tmp_path: Path) -> None:
    shared = entry(10, thing=1)
    for first, last in ((1, 10), (10, 20), (20, 30), (30, 40)):
        put(tmp_path, first, last, entries=[shared, entry(last)])
    assert merge(tmp_path) == 1
    (path,) = tmp_path.iterdir()
    assert len(entries_on_disk(path)) == 5
    assert opened(tmp_path).find(digest(1)) == [shared]


def test_runs_without_entries_cover_their_ranges_when_merged(tmp_path: Path) -> None:
    for number in range(1, 9):
        put(tmp_path, number, number, entries=[])
    assert merge(tmp_path) == 2
    assert opened(tmp_path).covers(1, 8)


def test_digests_that_begin_alike_are_merged_as_others_are(tmp_path: Path) -> None:
    clusters = [
        [Entry(b"\xff" * 12 + row.to_bytes(4, "big"), row, row, 1, 1) for row in rows]
        for rows in (range(1, 1000, 2), range(2, 1000, 2), [1000], [])
    ]
    for number, entries in enumerate(clusters, start=1):
        put(tmp_path, number, number, entries=entries)
    assert merge(tmp_path) == 1
    runs = opened(tmp_path)
    for it in (it for entries in clusters for it in entries):
        assert runs.find(it.digest) == [it]


def test_what_a_crash_left_is_tidied_up(tmp_path: Path) -> None:
    put(tmp_path, 1, 10)
    put(tmp_path, 11, 20)
    put(tmp_path, 1, 20)
    half = tmp_path / (run_path(tmp_path, 1, 40, KEYS).name + ".tmp")
    half.write_bytes(b"half")
    other = tmp_path / (run_path(tmp_path, 1, 40, ".reservations").name + ".tmp")
    other.write_bytes(b"of another kind")
    assert merge(tmp_path) == 0
    assert ranges(tmp_path) == [(1, 20)]
    assert not half.exists()
    assert other.exists()


def test_what_a_damaged_run_contains_is_kept(tmp_path: Path) -> None:
    put(tmp_path, 1, 10)
    put(tmp_path, 11, 20)
    outer = put(tmp_path, 1, 20)
    flip(outer, outer.stat().st_size - 1)
    told: list[Path] = []
    assert merge_runs(tmp_path, KEYS, None, lambda path, _: told.append(path)) == 0
    assert told == [outer]
    assert ranges(tmp_path) == [(1, 10), (11, 20)]


@pytest.mark.parametrize("offset", [30, 4096 + 30], ids=["head", "entries"])
def test_a_damaged_run_is_deleted_and_told_and_the_others_stay(tmp_path: Path, offset: int) -> None:
    paths = [put(tmp_path, number, number) for number in range(1, 10)]
    flip(paths[2], offset)
    told: list[Path] = []
    assert merge_runs(tmp_path, KEYS, None, lambda path, _: told.append(path)) == 1
    assert told == [paths[2]]
    runs = opened(tmp_path)
    assert not runs.covers(3, 3)
    assert all(runs.find(digest(number)) == [entry(number)] for number in (1, 2, 4, 5, 6, 7, 8, 9))
    assert not list(tmp_path.glob("*.tmp"))


def test_memory_is_for_some_pages_and_the_filter_and_not_for_the_entries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_module, "_PAGES_AT_ONCE", 2)
    for number in range(4):
        put(tmp_path, number * 10_000 + 1, number * 10_000 + 10_000)
    tracemalloc.start()
    try:
        merge(tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    size = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert size > 1_600_000
    assert peak < 600_000
