"""Dropping: a run goes when its newest record is too old, and not before."""

from datetime import timedelta
from pathlib import Path

from surestock.sidecar.drop import drop_older
from surestock.sidecar.merge import merge_runs
from tests.sidecar.shelf import KEYS, START, flip, minutes, put, ranges


def test_runs_whose_newest_record_is_too_old_are_dropped(tmp_path: Path) -> None:
    for number in range(1, 6):
        put(tmp_path, number, number, at=number)
    put(tmp_path, 6, 6, at=0, suffix=".reservations")
    assert drop_older(tmp_path, KEYS, minutes(3)) == 2
    assert ranges(tmp_path) == [(3, 3), (4, 4), (5, 5)]
    assert drop_older(tmp_path, KEYS, minutes(3)) == 0
    assert drop_older(tmp_path, ".reservations", minutes(3)) == 1
    assert drop_older(tmp_path / "missing", KEYS, minutes(3)) == 0


def test_a_merged_run_is_as_young_as_the_youngest_in_it(tmp_path: Path) -> None:
    for number in range(1, 5):
        put(tmp_path, number, number, at=number)
    merge_runs(tmp_path, KEYS, None)
    assert drop_older(tmp_path, KEYS, minutes(4)) == 0
    assert drop_older(tmp_path, KEYS, minutes(4) + timedelta(microseconds=1)) == 1


def test_a_damaged_run_is_deleted_and_not_counted_as_dropped(tmp_path: Path) -> None:
    put(tmp_path, 1, 1, at=9)
    damaged = put(tmp_path, 2, 2, at=9)
    flip(damaged, 30)
    told: list[Path] = []
    assert drop_older(tmp_path, KEYS, START, lambda path, _: told.append(path)) == 0
    assert told == [damaged]
    assert ranges(tmp_path) == [(1, 1)]
