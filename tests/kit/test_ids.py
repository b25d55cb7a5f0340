"""An id is unique over all processes, and ids of one process tell which came first."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from surestock.kit.ids import IdSource, boot_and_count


def test_ids_count_up_in_hexadecimal_after_the_boot() -> None:
    ids = IdSource("boot")
    made = [ids.next() for _ in range(17)]
    assert made[0] == "boot-1"
    assert made[15:] == ["boot-10", "boot-11"]


def test_no_id_comes_twice() -> None:
    sources = [IdSource() for _ in range(20)]
    made = [source.next() for source in sources for _ in range(500)]
    assert len(set(made)) == len(made)


def test_every_process_draws_a_boot_of_its_own() -> None:
    boots = {IdSource().boot for _ in range(200)}
    assert len(boots) == 200
    assert {len(boot) for boot in boots} == {12}


def test_an_id_is_safe_in_a_path_and_valid_as_a_reservation_id() -> None:
    assert all(part.isalnum() for part in IdSource().next().split("-"))


def test_an_id_comes_apart_into_its_boot_and_its_number() -> None:
    ids = IdSource("some-boot")
    made = [ids.next() for _ in range(300)]
    assert [boot_and_count(each) for each in made] == [("some-boot", n) for n in range(1, 301)]


@pytest.mark.parametrize("text", ["", "x", "-1", "boot-", "boot-xyz", "boot 1"])
def test_a_text_that_no_source_made_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not an id|invalid literal"):
        boot_and_count(text)


@example("boot-0x5")
@example("boot-05")
@example("boot-+5")
@example("boot-F")
@example("boot-5_0")
@example("boot- 5")
@example("boot-0")
@given(st.text() | st.from_regex(r"[a-z]{2}-[0-9a-fx_+ ]{1,4}"))
def test_one_id_has_one_spelling(text: str) -> None:
    try:
        boot, count = boot_and_count(text)
    except ValueError:
        return
    assert text == f"{boot}-{count:x}"
    assert count >= 1
