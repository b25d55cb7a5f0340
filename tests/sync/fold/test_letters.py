"""Dead letters: one SKU stops, nobody else does, and nothing is lost or folded twice."""

import pytest

from surestock.inventory.central import DeadLetter
from surestock.inventory.refusals import NotFound
from tests.sync.fold.paper import START, Desk, garbled


def only(desk: Desk) -> DeadLetter:
    [letter] = desk.view.letters()
    return letter


def poisoned_desk(tries: int = 3) -> Desk:
    """Tea stopped at record 2 by a fault that may pass, with two changes behind it."""
    desk = Desk(tries=tries)
    desk.add(("tea", "west"), ("rice", "west"))
    desk.gate.poisoned.add((2, "west", "tea"))
    desk.add(("rice", "west"), ("tea", "west"))
    desk.add(("tea", "east"))
    desk.add(("tea", "west"), ("rice", "west"))
    return desk


def test_a_bad_change_stops_its_sku_in_all_stores_and_no_other() -> None:
    desk = poisoned_desk()
    assert desk.shown("tea") == {"west": 1}
    assert desk.is_diverged("tea")
    assert desk.shown("rice") == {"west": 3}
    assert not desk.is_diverged("rice")
    assert desk.view.applied_sequence == 4


def test_a_letter_tells_what_failed_and_who_waits() -> None:
    desk = poisoned_desk()
    letter = only(desk)
    assert letter == DeadLetter(
        "2.1",
        2,
        "west",
        "tea",
        "retrying",
        1,
        "change (2, 'west', 'tea') is poisoned",
        letter.failed_at,
        2,
    )
    assert letter.failed_at > START
    assert (desk.view.open_letters, desk.view.opened_letters) == (1, 1)
    assert desk.view.oldest_parked == 2


def test_letters_come_in_pages_in_the_order_of_the_log() -> None:
    desk = Desk()
    for number in range(1, 12):
        desk.add((f"sku-{number}", "west", garbled), (f"ware-{number}", "west", garbled))
    desk.view.discard("9.1", "wrong")
    desk.view.discard("2.0", "wrong")
    ids = [f"{number}.{index}" for number in range(1, 12) for index in (0, 1)]
    assert [letter.id for letter in desk.view.letters()] == ids
    assert [letter.id for letter in desk.view.letters("", 4)] == ids[:4]
    assert [letter.id for letter in desk.view.letters("9.0", 4)] == ids[17:21]
    assert desk.view.letters("11.1", 4) == []
    desk.restart()
    assert [letter.id for letter in desk.view.letters()] == ["2.0", "9.1"]
    desk.view.apply(desk.log.commit())
    assert [letter.id for letter in desk.view.letters("2.0", 20)] == ids[3:]


def test_a_sku_whose_first_change_is_bad_is_shown_as_diverged_with_nothing() -> None:
    desk = Desk()
    desk.add(("tea", "west", garbled))
    assert desk.shown("tea") == {}
    assert desk.is_diverged("tea")
    assert [stock.sku for stock in desk.view.page("", 9)] == ["tea"]


def test_a_fault_that_passes_heals_by_itself() -> None:
    desk = poisoned_desk()
    desk.view.retry()
    assert only(desk).attempts == 2
    desk.gate.poisoned.clear()
    desk.view.retry()
    assert only(desk).status == "redriven"
    assert desk.shown("tea") == {"east": 1, "west": 3}
    assert not desk.is_diverged("tea")
    assert desk.view.oldest_parked is None
    assert set(desk.gate.passed.values()) == {1}


def test_after_its_tries_a_letter_is_dead_and_left_alone() -> None:
    desk = poisoned_desk()
    desk.view.retry()
    assert desk.decisions.letters == []
    desk.view.retry()
    letter = only(desk)
    assert (letter.status, letter.attempts) == ("dead", 3)
    desk.gate.poisoned.clear()
    desk.view.retry()
    assert only(desk) == letter
    assert [known.status for known in desk.decisions.letters] == ["dead"]


def test_a_single_try_is_none_after_the_first_failure() -> None:
    desk = poisoned_desk(tries=1)
    assert only(desk).status == "dead"
    desk.view.retry()
    assert only(desk).attempts == 1
    assert [known.status for known in desk.decisions.letters] == ["dead"]


def test_a_redrive_folds_the_letter_and_those_behind_it_once_each_in_order() -> None:
    desk = poisoned_desk(tries=1)
    desk.gate.poisoned.clear()
    letter = desk.view.redrive("2.1")
    assert (letter.status, letter.parked) == ("redriven", 0)
    stock = desk.view.find("tea")
    assert stock is not None
    assert stock.levels == tuple(desk.log.truth[store, "tea"] for store in ("east", "west"))
    assert not stock.diverged
    assert set(desk.gate.passed.values()) == {1}


def test_a_redrive_that_fails_counts_and_the_letter_stays_dead() -> None:
    desk = poisoned_desk(tries=1)
    letter = desk.view.redrive("2.1")
    assert (letter.status, letter.attempts, letter.parked) == ("dead", 2, 2)
    assert desk.decisions.letters[-1].attempts == 2
    assert desk.shown("tea") == {"west": 1}


def test_a_parked_change_that_fails_is_the_next_letter_with_the_rest_behind_it() -> None:
    desk = poisoned_desk(tries=1)
    desk.gate.poisoned = {(3, "east", "tea")}
    desk.view.redrive("2.1")
    first, second = desk.view.letters()
    assert (first.status, first.parked) == ("redriven", 0)
    assert (second.id, second.status, second.parked) == ("3.0", "dead", 1)
    assert desk.shown("tea") == {"west": 2}
    assert desk.view.oldest_parked == 3
    desk.gate.poisoned.clear()
    desk.view.redrive("3.0")
    assert desk.shown("tea") == {"east": 1, "west": 3}
    assert not desk.is_diverged("tea")


def test_the_decision_is_durable_before_anything_is_given_up() -> None:
    desk = poisoned_desk()
    desk.decisions.is_full = True
    before = only(desk)
    with pytest.raises(OSError, match="full"):
        desk.view.discard("2.1", "wrong")
    assert only(desk) == before
    assert desk.shown("tea") == {"west": 1}
    desk.decisions.is_full = False
    assert desk.view.discard("2.1", "wrong").status == "discarded"
    assert desk.decisions.letters[-1].status == "discarded"


def test_a_death_that_cannot_be_written_down_is_written_by_the_next_call() -> None:
    desk = poisoned_desk(tries=2)
    desk.decisions.is_full = True
    with pytest.raises(OSError, match="full"):
        desk.view.retry()
    desk.decisions.is_full = False
    desk.view.retry()
    assert [letter.status for letter in desk.decisions.letters] == ["dead"]
    assert only(desk).attempts == 2


def test_deciding_again_about_a_closed_letter_changes_nothing() -> None:
    desk = poisoned_desk()
    discarded = desk.view.discard("2.1", "wrong")
    assert desk.view.discard("2.1", "another reason") == discarded
    assert desk.view.redrive("2.1") == discarded
    written = list(desk.decisions.letters)
    desk.view.retry()
    assert desk.decisions.letters == written


@pytest.mark.parametrize("unknown", ["9.0", "2.0", "2", "", "tea"])
def test_a_letter_that_is_not_there_is_not_found(unknown: str) -> None:
    desk = poisoned_desk()
    with pytest.raises(NotFound, match=f"There is no dead letter {unknown}"):
        desk.view.redrive(unknown)
    with pytest.raises(NotFound):
        desk.view.discard(unknown, "wrong")


def test_a_record_that_cannot_be_read_again_fails_its_change_and_no_more() -> None:
    desk = poisoned_desk()
    desk.gate.poisoned.clear()
    desk.log.gone.add(3)
    desk.view.redrive("2.1")
    letter = desk.view.letters()[-1]
    assert (letter.id, letter.error) == ("3.0", "record 3 cannot be read again")
    assert desk.shown("tea") == {"west": 2}
    desk.log.gone.clear()
    desk.view.redrive("3.0")
    assert desk.shown("tea") == {"east": 1, "west": 3}


def test_a_record_that_is_another_one_by_now_is_not_folded_in_its_place() -> None:
    desk = poisoned_desk()
    desk.gate.poisoned.clear()
    desk.log.records[1] = desk.log.records[0]
    assert desk.view.redrive("2.1").error == "record 2 no longer holds it"
    assert desk.shown("tea") == {"west": 1}
