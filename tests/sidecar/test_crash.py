"""Killed at any step of writing, merging or dropping: the old runs are there or the new ones.

The kill is a copy of the directory, taken at the failpoint: nothing that the dying process would
still have done can tidy it up. A model of plain sets says what must be found.
"""

import shutil
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surestock.kit import failpoints
from surestock.sidecar import merge as merge_module
from surestock.sidecar.drop import drop_older
from surestock.sidecar.entry import Entry
from surestock.sidecar.merge import merge_runs
from tests.sidecar.shelf import KEYS, digest, entry, minutes, opened, put, ranges

STEPS = ("run.write", "run.fsync", "run.rename", "run.unlink", "directory.fsync")
THINGS = 6


@pytest.fixture(autouse=True)
def small_tiers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(merge_module, "_SMALLEST_TIER", 2)
    yield
    failpoints.disarm_all()


class Killed(BaseException):
    """The process is no more."""


class Written(NamedTuple):
    first: int
    last: int
    newest: datetime
    entries: frozenset[Entry]


class Write(NamedTuple):
    things: list[int]


class Merge(NamedTuple):
    longest: int | None


class Drop(NamedTuple):
    age: int


Step = tuple[Write | Merge | Drop, int]
STEP = st.tuples(
    st.one_of(
        st.builds(Write, st.lists(st.integers(0, THINGS), max_size=4)),
        st.builds(Merge, st.sampled_from([None, 2, 5])),
        st.builds(Drop, st.integers(0, 12)),
    ),
    # At which hit of a failpoint it is killed. Most often it is not.
    st.one_of(st.just(0), st.integers(1, 14)),
)


class Index:
    """The runs on disk, and what was put into them."""

    def __init__(self, place: Path) -> None:
        self._places = (place / str(number) for number in count())
        self.directory = next(self._places)
        self.directory.mkdir(parents=True)
        self.written: list[Written] = []
        self._dropped_below = minutes(-1)
        self._end = 0
        self._minute = 0
        self.kills = 0

    def carry_out(self, step: Step) -> None:
        act, killed_at = step
        survivor = next(self._places)
        hits = count(1)

        def hit() -> None:
            if next(hits) == killed_at:
                shutil.copytree(self.directory, survivor)
                raise Killed

        for name in STEPS:
            failpoints.arm(name, hit)
        try:
            self._act(act)
        except Killed:
            # What the dying process still does, it does to the directory that is left behind.
            self.directory = survivor
            self.kills += 1
        finally:
            failpoints.disarm_all()
        if isinstance(act, Write):
            self._believe_what_is_there(act, sure=killed_at == 0)

    def _act(self, act: Write | Merge | Drop) -> None:
        if isinstance(act, Write):
            self._minute += 1
            put(self.directory, self._end + 1, self._end + 2, self._minute, self._entries(act))
        elif isinstance(act, Merge):
            longest = None if act.longest is None else timedelta(minutes=act.longest)
            merge_runs(self.directory, KEYS, longest)
        else:
            than = minutes(self._minute - act.age)
            self._dropped_below = max(self._dropped_below, than)
            drop_older(self.directory, KEYS, than)

    def _entries(self, act: Write) -> list[Entry]:
        return [entry(self._end + 1 + number % 2, thing) for number, thing in enumerate(act.things)]

    def _believe_what_is_there(self, act: Write, *, sure: bool) -> None:
        if sure or opened(self.directory).covers(self._end + 1, self._end + 2):
            entries = frozenset(self._entries(act))
            newest = minutes(self._minute)
            self.written.append(Written(self._end + 1, self._end + 2, newest, entries))
            self._end += 2

    def check(self) -> None:
        """Whatever is young is found, all that is found was put in, the newest first, once."""
        young = [it for it in self.written if it.newest >= self._dropped_below]
        runs = opened(self.directory)
        assert all(runs.covers(it.first, it.last) for it in young)
        for thing in range(THINGS + 2):
            found = runs.find(digest(thing))
            assert bool(found) <= runs.may_hold(digest(thing))
            assert [it.sequence for it in found] == sorted(
                {it.sequence for it in found}, reverse=True
            )
            assert set(found) >= of_thing(young, thing)
            assert set(found) <= of_thing(self.written, thing)

    def tidy(self) -> None:
        """A pass that nobody interrupts leaves nothing behind."""
        merge_runs(self.directory, KEYS, None)
        assert not list(self.directory.glob("*.tmp"))
        left = ranges(self.directory)
        assert all(before[1] < after[0] for before, after in pairwise(left))
        self.check()


def of_thing(written: list[Written], thing: int) -> set[Entry]:
    return {it for run in written for it in run.entries if it.digest == digest(thing)}


@settings(max_examples=150)
@given(steps=st.lists(STEP, max_size=25))
def test_nothing_is_lost_whenever_the_process_is_killed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    index = Index(tmp_path_factory.mktemp("index"))
    for step in steps:
        index.carry_out(step)
        index.check()
    index.tidy()


def test_killed_at_every_step_of_a_merge_each_entry_is_there(tmp_path: Path) -> None:
    for killed_at in count(1):
        index = Index(tmp_path / f"killed at {killed_at}")
        for _ in range(4):
            index.carry_out((Write([1, 2, 3]), 0))
        index.carry_out((Merge(None), killed_at))
        index.check()
        index.tidy()
        if not index.kills:
            break
    # Six writes' steps at least: pages, fences, filter, head, sync, rename; five of unlinking.
    assert killed_at > 11


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_merge_whose_step_fails_loses_nothing_and_the_next_one_succeeds(
    tmp_path: Path, step: str
) -> None:
    def fail() -> None:
        raise OSError(5, "Input/output error")

    for number in range(1, 5):
        put(tmp_path, number, number)
    failpoints.arm(step, fail)
    with pytest.raises(OSError, match="Input/output"):
        merge_runs(tmp_path, KEYS, None)
    failpoints.disarm_all()
    for _ in range(2):
        runs = opened(tmp_path)
        assert all(runs.find(digest(number)) == [entry(number)] for number in range(1, 5))
        merge_runs(tmp_path, KEYS, None)
    assert ranges(tmp_path) == [(1, 4)]


def test_the_merged_run_is_durable_before_anything_is_unlinked(tmp_path: Path) -> None:
    steps: list[str] = []

    for number in range(1, 5):
        put(tmp_path, number, number)
    for name in STEPS:
        failpoints.arm(name, partial(steps.append, name))
    merge_runs(tmp_path, KEYS, None)
    unlinked = ["run.unlink"] * 4
    assert steps[-8:] == [
        "run.fsync",
        "run.rename",
        "directory.fsync",
        *unlinked,
        "directory.fsync",
    ]
