"""A run of which any byte was altered, or any end cut off, never gives a wrong answer."""

from pathlib import Path

import pytest

from surestock.sidecar.entry import Entry
from surestock.sidecar.errors import RunDamaged
from surestock.sidecar.head import PAGE_ENTRIES
from surestock.sidecar.run import Run
from tests.sidecar.shelf import digest, flip, put

COUNT = PAGE_ENTRIES + 20
PAGE = 4096


def find_all(path: Path) -> tuple[list[int], list[int]]:
    """Look everything up; return which things were found and which were in a damaged page.

    A digest of the run may be found rightly or not be answered; one that is not in it may not be
    found.
    """
    run = Run.open(path)
    found, unknown = [], []
    for thing in range(1, COUNT + 20):
        try:
            entries = run.find(digest(thing))
        except RunDamaged:
            unknown.append(thing)
            continue
        right = [Entry(digest(thing), thing, thing * 100, 100, thing)] if thing <= COUNT else []
        assert entries == right
        found += [thing] if entries else []
    run.close()
    return found, unknown


@pytest.fixture
def run_file(tmp_path: Path) -> Path:
    return put(tmp_path, 1, COUNT)


def test_no_byte_of_head_fences_and_filter_can_be_altered_unseen(run_file: Path) -> None:
    size = run_file.stat().st_size
    for offset in [*range(PAGE), *range(3 * PAGE, size)]:
        mask = 1 << offset % 8
        flip(run_file, offset, mask)
        with pytest.raises(RunDamaged):
            Run.open(run_file)
        flip(run_file, offset, mask)
    assert find_all(run_file) == (list(range(1, COUNT + 1)), [])


@pytest.mark.parametrize("page", [1, 2])
def test_no_byte_of_an_entry_can_be_altered_unseen(run_file: Path, page: int) -> None:
    for offset in range(page * PAGE, (page + 1) * PAGE, 7):
        mask = 1 << offset % 8
        flip(run_file, offset, mask)
        found, unknown = find_all(run_file)
        assert unknown
        # The other page still answers for what can only be there.
        assert found if page == 2 else not set(found) & set(unknown)
        assert set(found) | set(unknown) >= set(range(1, COUNT + 1))
        flip(run_file, offset, mask)


def test_no_end_can_be_cut_off_and_nothing_added_unseen(run_file: Path) -> None:
    content = run_file.read_bytes()
    for size in range(0, len(content), 13):
        run_file.write_bytes(content[:size])
        with pytest.raises(RunDamaged):
            Run.open(run_file)
    for longer in (content + b"\0", content + content):
        run_file.write_bytes(longer)
        with pytest.raises(RunDamaged):
            Run.open(run_file)


def test_a_file_of_zeros_is_no_run(run_file: Path) -> None:
    run_file.write_bytes(bytes(run_file.stat().st_size))
    with pytest.raises(RunDamaged, match="does not start like a run"):
        Run.open(run_file)
