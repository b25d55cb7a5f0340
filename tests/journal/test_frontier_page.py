"""One page that all processes map: what one tells the others see, whole or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import pytest

from surestock.journal import frontier_page
from surestock.journal.frontier_page import FrontierPage, FrontierTorn, forget_frontier
from surestock.journal.position import LogPosition

TOLD = LogPosition(9, 7, 421, 4, "0badcafe")
OTHER = LogPosition(2**63, 2**62, 2**61, 2**60, "ffffffff")
PAGE = "frontier"


@pytest.fixture
def page(tmp_path: Path) -> Iterator[FrontierPage]:
    made = FrontierPage(tmp_path)
    yield made
    made.close()


@pytest.fixture
def another(tmp_path: Path, page: FrontierPage) -> Iterator[FrontierPage]:
    """The page as another process has it: by a descriptor and a mapping of its own."""
    assert page.read() is None
    made = FrontierPage(tmp_path)
    yield made
    made.close()


def test_a_new_page_tells_nothing(page: FrontierPage) -> None:
    assert page.read() is None


@pytest.mark.parametrize("position", [TOLD, OTHER, LogPosition()])
def test_what_one_process_tells_another_reads(
    page: FrontierPage, another: FrontierPage, position: LogPosition
) -> None:
    before = another.raw()
    page.write(position)
    assert another.read() == position
    assert another.raw() != before


def test_the_bytes_stay_the_same_until_something_is_told(
    page: FrontierPage, another: FrontierPage
) -> None:
    page.write(TOLD)
    before = another.raw()
    page.want(7.0)
    assert another.raw() == before
    page.write(OTHER)
    assert another.raw() != before


def test_the_page_outlives_those_who_had_it_open(tmp_path: Path) -> None:
    first = FrontierPage(tmp_path)
    first.write(TOLD)
    first.close()
    later = FrontierPage(tmp_path)
    assert later.read() == TOLD
    later.close()


def test_a_page_of_another_boot_is_not_believed(
    tmp_path: Path, page: FrontierPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page.write(TOLD)
    monkeypatch.setattr(frontier_page, "boot_id", lambda: "0" * 32)
    later = FrontierPage(tmp_path)
    assert later.read() is None
    later.write(OTHER)
    assert later.read() == OTHER
    assert page.read() is None
    later.close()


def test_a_byte_that_was_altered_anywhere_is_never_believed(
    tmp_path: Path, page: FrontierPage
) -> None:
    page.write(TOLD)
    sound = (tmp_path / PAGE).read_bytes()
    believed = []
    for at in range(len(page.raw())):
        attack = bytearray(sound)
        attack[at] ^= 1 << (at % 8)
        (tmp_path / PAGE).write_bytes(attack)
        with suppress(FrontierTorn):
            believed.append((at, page.read()))
    (tmp_path / PAGE).write_bytes(sound)
    assert believed == []
    assert page.read() == TOLD


def test_whoever_reads_while_another_writes_sees_one_whole_position(
    page: FrontierPage, another: FrontierPage
) -> None:
    page.write(TOLD)
    is_over = Event()

    def tell() -> None:
        while not is_over.is_set():
            page.write(OTHER)
            page.write(TOLD)

    writer = Thread(target=tell)
    writer.start()
    seen = {another.read() for _ in range(5000)}
    is_over.set()
    writer.join()
    assert seen <= {TOLD, OTHER}


class _Halved(FrontierPage):
    """Sees the bytes of two positions at once, as many times as it is told to."""

    times = 0

    def raw(self) -> bytes:
        sound = super().raw()
        self.times -= 1
        return sound if self.times < 0 else bytes(20) + sound[20:]


@pytest.mark.parametrize("times", [1, 99])
def test_half_of_a_position_is_looked_at_again(tmp_path: Path, times: int) -> None:
    page = _Halved(tmp_path)
    page.write(TOLD)
    page.times = times
    assert page.read() == TOLD
    page.close()


def test_half_of_a_position_is_not_looked_at_for_ever_and_never_taken_for_none(
    tmp_path: Path,
) -> None:
    page = _Halved(tmp_path)
    page.write(TOLD)
    page.times = 100
    with pytest.raises(FrontierTorn):
        page.read()
    page.close()


def test_a_page_that_was_removed_or_replaced_is_not_in_use(
    tmp_path: Path, page: FrontierPage
) -> None:
    assert page.is_in_use()
    forget_frontier(tmp_path)
    assert not page.is_in_use()
    later = FrontierPage(tmp_path)
    assert (page.is_in_use(), later.is_in_use()) == (False, True)
    later.close()


def test_a_wish_to_write_is_seen_by_others_and_changes_nothing_else(
    page: FrontierPage, another: FrontierPage
) -> None:
    assert another.wanted_at() == 0
    page.write(TOLD)
    page.want(12.5)
    assert another.wanted_at() == 12.5
    assert another.read() == TOLD
    page.write(OTHER)
    assert another.wanted_at() == 12.5


def test_a_page_that_is_forgotten_is_believed_by_nobody_who_comes_later(
    tmp_path: Path, page: FrontierPage
) -> None:
    page.write(TOLD)
    forget_frontier(tmp_path)
    later = FrontierPage(tmp_path)
    assert later.read() is None
    later.close()


def test_to_forget_a_page_that_is_not_there_is_nothing(tmp_path: Path) -> None:
    forget_frontier(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_page_has_all_its_room_from_the_start_and_is_for_its_owner_alone(
    tmp_path: Path, page: FrontierPage
) -> None:
    found = (tmp_path / PAGE).stat()
    assert page.read() is None
    assert found.st_blocks * 512 >= found.st_size == 4096
    assert stat.S_IMODE(found.st_mode) == 0o600


def test_a_symbolic_link_in_its_place_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    target.write_bytes(b"precious")
    (tmp_path / PAGE).symlink_to(target)
    with pytest.raises(OSError, match="symbolic links"):
        FrontierPage(tmp_path)
    assert target.read_bytes() == b"precious"


def test_a_page_that_cannot_be_mapped_leaves_no_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_fd: int, _offset: int, _length: int) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(OSError, match="No space left"):
        FrontierPage(tmp_path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
