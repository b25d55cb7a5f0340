"""A run: what goes in comes out, the newest first; and it appears whole or not at all."""

import errno
import os
import stat
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.kit import failpoints
from surestock.sidecar.entry import Entry
from surestock.sidecar.errors import RunDamaged
from surestock.sidecar.head import PAGE_ENTRIES
from surestock.sidecar.run import Run
from tests.sidecar.shelf import digest, entry, flip, minutes, put, row_digest

STEPS = ("run.write", "run.fsync", "run.rename", "directory.fsync")


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm_all()


def newest_first(entries: list[Entry], wanted: bytes) -> list[Entry]:
    found = {it for it in entries if it.digest == wanted}
    return sorted(found, key=lambda it: it.sequence, reverse=True)


ENTRIES = st.builds(
    Entry,
    st.integers(0, 20).map(digest),
    st.integers(1, 2**64 - 1),
    st.integers(0, 2**64 - 1),
    st.integers(0, 2**32 - 1),
    st.integers(0, 2**32 - 1),
)


@given(
    entries=st.lists(ENTRIES, max_size=300, unique_by=lambda it: (it.digest, it.sequence)),
    twice=st.booleans(),
)
def test_each_digest_finds_its_distinct_entries_the_newest_first(
    tmp_path_factory: pytest.TempPathFactory, *, entries: list[Entry], twice: bool
) -> None:
    directory = tmp_path_factory.mktemp("runs")
    run = Run.open(put(directory, 1, 2, entries=entries + entries if twice else entries))
    assert run.count == len(entries)
    for number in range(22):
        assert run.find(digest(number)) == newest_first(entries, digest(number))
    assert all(run.may_hold(it.digest) for it in entries)


@pytest.mark.parametrize("count", [0, 1, PAGE_ENTRIES - 1, PAGE_ENTRIES, PAGE_ENTRIES + 1, 1000])
def test_a_run_of_any_number_of_pages_says_what_it_holds(tmp_path: Path, count: int) -> None:
    entries = [entry(number) for number in range(1, count + 1)]
    run = Run.open(put(tmp_path, 1, count + 5, 3.5, entries))
    assert (run.first, run.last, run.count) == (1, count + 5, count)
    assert run.newest == minutes(3.5)
    assert [run.find(it.digest) for it in entries] == [[it] for it in entries]
    assert run.find(digest(count + 1)) == []
    assert run.find(b"\x00" * 16) == run.find(b"\xff" * 16) == []


def test_entries_of_one_digest_may_run_over_many_pages(tmp_path: Path) -> None:
    many = [entry(sequence, thing=4) for sequence in range(1, 5 * PAGE_ENTRIES)]
    others = [entry(sequence, thing) for sequence, thing in enumerate(range(50), 10_000)]
    run = Run.open(put(tmp_path, 1, 20_000, entries=many + others))
    assert run.find(digest(4)) == newest_first(many + others, digest(4))
    assert [run.find(digest(thing)) for thing in (3, 5)] == [[others[3]], [others[5]]]


def test_rows_of_a_batch_are_found_though_their_digests_begin_alike(tmp_path: Path) -> None:
    rows = [Entry(row_digest(1, row), row + 1, row, 1, 1) for row in range(3000)]
    run = Run.open(put(tmp_path, 1, 3000, entries=rows))
    assert [run.find(row.digest) for row in rows] == [[row] for row in rows]
    assert run.find(row_digest(1, 3000)) == []


def test_a_page_of_a_run_is_read_for_a_lookup_and_not_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run.open(put(tmp_path, 1, 20_000))
    read: list[int] = []
    real = os.pread

    def noted(fd: int, size: int, offset: int) -> bytes:
        read.append(size)
        return real(fd, size, offset)

    monkeypatch.setattr(os, "pread", noted)
    for number in range(1, 1001):
        read.clear()
        assert run.find(digest(number)) == [entry(number)]
        assert sum(read) <= 2 * 4096


def test_the_filter_is_asked_without_the_file(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 1000)
    run = Run.open(path)
    path.unlink()
    run.close()
    assert all(run.may_hold(digest(number)) for number in range(1, 1001))
    assert sum(run.may_hold(digest(number)) for number in range(1001, 2001)) < 20
    with pytest.raises(OSError, match="Bad file descriptor"):
        run.find(digest(1))


def test_a_run_is_for_the_owner_alone_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 10)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_digest_of_another_length_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="16 bytes, not 15"):
        put(tmp_path, 1, 1, entries=[Entry(b"x" * 15, 1, 2, 3, 4)])
    assert list(tmp_path.iterdir()) == []


def test_the_content_is_durable_before_the_name_and_the_name_before_the_return(
    tmp_path: Path,
) -> None:
    steps: list[str] = []
    for name in STEPS:
        failpoints.arm(name, partial(steps.append, name))
    put(tmp_path, 1, 10)
    assert steps[-3:] == ["run.fsync", "run.rename", "directory.fsync"]
    assert set(steps[:-3]) == {"run.write"}


@pytest.mark.parametrize("step", STEPS[:-1])
def test_a_step_that_fails_leaves_what_was_there_and_no_half_of_a_run(
    tmp_path: Path, step: str
) -> None:
    def fail() -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = put(tmp_path, 1, 10)
    failpoints.arm(step, fail)
    with pytest.raises(OSError, match="No space"):
        put(tmp_path, 1, 10, entries=[])
    assert list(tmp_path.iterdir()) == [path]
    assert Run.open(path).count == 10


def test_half_a_run_that_a_killed_process_left_is_written_over(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 10)
    path.with_name(path.name + ".tmp").write_bytes(b"x" * 100_000)
    assert Run.open(put(tmp_path, 1, 10)).count == 10
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_under_the_name_of_another_range_is_not_believed(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 10)
    other = path.rename(path.with_name(path.name.replace("10.", "11.")))
    with pytest.raises(RunDamaged, match="holds the sequences 1 to 10"):
        Run.open(other)


def test_a_run_that_is_not_there_is_missing_and_not_damaged(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Run.open(tmp_path / "00000000000000000001-00000000000000000002.keys")


def test_pages_that_changed_places_are_not_believed(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 400)
    content = path.read_bytes()
    path.write_bytes(content[:4096] + content[8192:12288] + content[4096:8192] + content[12288:])
    run = Run.open(path)
    with pytest.raises(RunDamaged, match="page 1 does not match"):
        run.find(min(digest(number) for number in range(1, 401)))


def test_the_damage_is_named_with_what_to_do_about_it(tmp_path: Path) -> None:
    path = put(tmp_path, 1, 10)
    flip(path, 20)
    with pytest.raises(RunDamaged) as raised:
        Run.open(path)
    assert raised.value.path == path
    assert path.name in str(raised.value)
    assert "Delete the file" in str(raised.value)
