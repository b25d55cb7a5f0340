"""A failpoint does nothing until a test arms it, and then fails exactly there."""

from collections.abc import Iterator

import pytest

from surestock.kit import failpoints


@pytest.fixture(autouse=True)
def disarmed() -> Iterator[None]:
    yield
    failpoints.disarm_all()


def fail() -> None:
    raise OSError(28, "No space left on device")


def test_a_place_that_nobody_armed_is_passed() -> None:
    failpoints.hit("journal.write")
    failpoints.arm("journal.fdatasync", fail)
    failpoints.hit("journal.write")


def test_an_armed_place_fails_each_time_until_it_is_disarmed() -> None:
    failpoints.arm("journal.write", fail)
    for _ in range(2):
        with pytest.raises(OSError, match="No space left"):
            failpoints.hit("journal.write")
    failpoints.disarm_all()
    failpoints.hit("journal.write")


def test_arming_again_replaces_the_action() -> None:
    hits: list[str] = []
    failpoints.arm("journal.write", fail)
    failpoints.arm("journal.write", lambda: hits.append("second"))
    failpoints.hit("journal.write")
    assert hits == ["second"]


@pytest.mark.parametrize("name", ["journal.wirte", "journal", "", "JOURNAL.WRITE"])
def test_a_name_that_is_none_cannot_be_armed(name: str) -> None:
    with pytest.raises(ValueError, match="there is no failpoint"):
        failpoints.arm(name, fail)
    with pytest.raises(ValueError, match="there is no failpoint"):
        failpoints.arm_cut(name, bytes.upper)


def test_what_is_written_is_cut_where_that_is_armed_and_only_there() -> None:
    failpoints.arm_cut("journal.write", lambda data: data[:2])
    assert failpoints.cut("journal.write", b"whole") == b"wh"
    assert failpoints.cut("journal.segment.write", b"whole") == b"whole"
    failpoints.hit("journal.write")
    failpoints.disarm_all()
    assert failpoints.cut("journal.write", b"whole") == b"whole"
