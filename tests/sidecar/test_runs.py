"""All runs of a directory: what they cover together, while they come, go and are damaged."""

import gc
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from surestock.sidecar import runs as runs_module
from surestock.sidecar.entry import Entry
from surestock.sidecar.errors import RunDamaged
from surestock.sidecar.listing import Listed, list_runs
from surestock.sidecar.merge import merge_runs
from surestock.sidecar.run import Run
from surestock.sidecar.runs import Runs
from tests.sidecar.shelf import KEYS, digest, entry, flip, opened, put


def open_files(directory: Path) -> int:
    """Count what this process has open there; what other tests left behind is not counted."""
    gc.collect()
    found = 0
    for opened_file in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # another thread has closed it meanwhile
            found += opened_file.readlink().is_relative_to(directory)
    return found


def test_nothing_is_held_before_the_first_refresh_and_in_a_directory_that_is_missing(
    tmp_path: Path,
) -> None:
    put(tmp_path, 1, 10)
    for runs in (Runs(tmp_path, KEYS), opened(tmp_path / "missing")):
        assert not runs.may_hold(digest(1))
        assert runs.find(digest(1)) == []
        assert not runs.covers(1, 1)


def test_what_is_written_is_found_after_a_refresh(tmp_path: Path) -> None:
    runs = opened(tmp_path)
    put(tmp_path, 1, 10)
    put(tmp_path, 11, 20)
    runs.refresh()
    for number in range(1, 21):
        assert runs.may_hold(digest(number))
        assert runs.find(digest(number)) == [entry(number)]
    assert runs.find(digest(21)) == []


def test_other_files_are_not_looked_at(tmp_path: Path) -> None:
    put(tmp_path, 1, 10, suffix=".reservations")
    for name in ("1-10.keys", "0" * 20 + ".keys", f"{'0' * 20}-{'1' * 20}.keys.tmp", "x.keys"):
        (tmp_path / name).write_bytes(b"x")
    assert not opened(tmp_path).covers(1, 1)
    assert len(list(tmp_path.iterdir())) == 5


def test_entries_of_several_runs_come_distinct_and_the_newest_first(tmp_path: Path) -> None:
    put(tmp_path, 1, 10, entries=[entry(2, thing=7), entry(9, thing=7)])
    put(tmp_path, 11, 20, entries=[entry(15, thing=7), entry(16, thing=8)])
    put(tmp_path, 5, 15, entries=[entry(9, thing=7), entry(15, thing=7)])
    found = opened(tmp_path).find(digest(7))
    assert found == [entry(15, thing=7), entry(9, thing=7), entry(2, thing=7)]


def test_a_range_is_covered_when_runs_without_a_gap_cover_it(tmp_path: Path) -> None:
    for first, last in ((1, 10), (11, 20), (15, 30), (40, 50)):
        put(tmp_path, first, last)
    runs = opened(tmp_path)
    for first, last in ((1, 30), (5, 25), (40, 50), (30, 30)):
        assert runs.covers(first, last)
    for first, last in ((1, 31), (35, 36), (39, 40), (50, 51), (1, 50)):
        assert not runs.covers(first, last)


def test_a_run_that_another_one_contains_is_not_asked(tmp_path: Path) -> None:
    put(tmp_path, 1, 20, entries=[entry(3)])
    put(tmp_path, 1, 10, entries=[entry(4)])
    put(tmp_path, 11, 20, entries=[entry(14)])
    runs = opened(tmp_path)
    assert runs.find(digest(3)) == [entry(3)]
    assert runs.find(digest(4)) == runs.find(digest(14)) == []


def test_a_damaged_run_is_deleted_and_told_and_what_it_contained_is_asked(tmp_path: Path) -> None:
    put(tmp_path, 1, 10)
    put(tmp_path, 11, 20)
    outer = put(tmp_path, 1, 20)
    flip(outer, 30)
    told: list[tuple[Path, str]] = []
    runs = Runs(tmp_path, KEYS, lambda path, why: told.append((path, why)))
    runs.refresh()
    assert told == [(outer, "the checksum of its head does not match")]
    assert not outer.exists()
    assert runs.covers(1, 20)
    assert runs.find(digest(15)) == [entry(15)]


def test_a_damaged_run_counts_as_missing_until_it_is_made_again(tmp_path: Path) -> None:
    put(tmp_path, 1, 10)
    flip(put(tmp_path, 11, 20), 30)
    runs = opened(tmp_path)
    assert runs.covers(1, 10)
    assert not runs.covers(11, 20)
    put(tmp_path, 11, 20)
    runs.refresh()
    assert runs.covers(1, 20)


def test_what_a_damaged_run_was_merged_from_is_asked_until_the_range_is_there_again(
    tmp_path: Path,
) -> None:
    parts = [put(tmp_path, 1, 10), put(tmp_path, 11, 20)]
    runs = opened(tmp_path)
    before = open_files(tmp_path)
    flip(put(tmp_path, 1, 20), 30)
    for part in parts:
        part.unlink()
    for _ in range(2):
        runs.refresh()
        assert list(tmp_path.iterdir()) == []
        assert not runs.covers(1, 20), "it has to be made again"
        assert all(runs.find(digest(number)) == [entry(number)] for number in range(1, 21))
    put(tmp_path, 1, 20)
    runs.refresh()
    assert all(runs.find(digest(number)) == [entry(number)] for number in range(1, 21))
    assert open_files(tmp_path) == before - 1


def test_a_run_that_is_gone_is_asked_on_as_long_as_it_is_needed(tmp_path: Path) -> None:
    young, old = put(tmp_path, 1, 10), put(tmp_path, 11, 20)
    runs = opened(tmp_path)
    young.unlink()
    old.unlink()
    runs.refresh(lambda run: run.first == 1)
    assert runs.find(digest(3)) == [entry(3)]
    assert not runs.may_hold(digest(13))
    assert not runs.covers(1, 10)


def test_a_listing_that_is_torn_to_nothing_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 1, 10)
    listings: list[list[Listed]] = [[]]
    monkeypatch.setattr(
        "surestock.sidecar.runs.list_runs",
        lambda *where: listings.pop() if listings else list_runs(*where),
    )
    assert opened(tmp_path).covers(1, 10)


def test_damage_in_the_entries_is_told_to_who_looks_for_one_and_the_rest_is_found(
    tmp_path: Path,
) -> None:
    put(tmp_path, 1, 10)
    flip(put(tmp_path, 11, 20), 4096 + 50)
    runs = opened(tmp_path)
    assert runs.find(digest(5)) == [entry(5)]
    with pytest.raises(RunDamaged):
        runs.find(digest(15))


def test_a_run_that_was_made_again_takes_the_place_of_the_one_that_is_open(tmp_path: Path) -> None:
    flip(put(tmp_path, 1, 10), 4096 + 50)
    runs = opened(tmp_path)
    put(tmp_path, 1, 10)
    runs.refresh()
    assert runs.find(digest(5)) == [entry(5)]


def test_a_refresh_without_news_opens_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, 1, 10)
    runs = opened(tmp_path)
    monkeypatch.setattr(Run, "open", None)
    runs.refresh()
    assert runs.find(digest(5)) == [entry(5)]


def test_runs_that_are_gone_are_closed(tmp_path: Path) -> None:
    before = open_files(tmp_path)
    paths = [put(tmp_path, number, number) for number in range(1, 11)]
    runs = opened(tmp_path)
    assert open_files(tmp_path) == before + 10
    for path in paths[:7]:
        path.unlink()
    runs.refresh(lambda _run: False)
    assert open_files(tmp_path) == before + 3
    assert not runs.covers(1, 1)
    assert runs.covers(8, 10)


def test_a_listing_torn_by_a_merge_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        put(tmp_path, number * 10 + 1, number * 10 + 10)
    listed = list_runs(tmp_path, KEYS)
    merge_runs(tmp_path, KEYS, None)
    # The directory was read before the merged run had its name, and after two of four were gone.
    torn = [listed[:2], listed[:1]]

    def listing(directory: Path, suffix: str) -> list[Listed]:
        return torn.pop(0) if torn else list_runs(directory, suffix)

    monkeypatch.setattr(runs_module, "list_runs", listing)
    runs = opened(tmp_path)
    assert runs.covers(1, 40)
    assert all(runs.find(digest(number)) == [entry(number)] for number in range(1, 41))


def test_lookups_in_other_threads_miss_nothing_while_runs_are_merged(tmp_path: Path) -> None:
    put(tmp_path, 1, 50)
    runs = opened(tmp_path)
    ended = threading.Event()
    wrong: list[list[Entry]] = []
    lookups = [0, 0]

    def look(reader: int) -> None:
        while not ended.is_set():
            for number in range(1, 51):
                found = runs.find(digest(number)) if runs.may_hold(digest(number)) else []
                lookups[reader] += 1
                if found != [entry(number)]:
                    wrong.append(found)
                    return

    readers = [threading.Thread(target=look, args=(reader,)) for reader in range(2)]
    for reader in readers:
        reader.start()
    for number in range(51, 131):
        put(tmp_path, number, number)
        merge_runs(tmp_path, KEYS, None)
        runs.refresh()
    while not wrong and min(lookups) == 0:
        time.sleep(0.01)
    ended.set()
    for reader in readers:
        reader.join()
    assert wrong == []
    assert min(lookups) > 0
    assert runs.covers(1, 130)
