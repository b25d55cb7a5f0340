"""After a restart the same changes fail again, and meet what was decided about them."""

import pytest

from surestock.inventory.model import Level
from tests.sync.fold.paper import START, Desk, impossible


def stopped(tries: int = 2) -> Desk:
    """Tea stopped at record 2, dead; record 3 waits."""
    desk = Desk(tries=tries)
    desk.add(("tea", "west"))
    desk.gate.poisoned.add((2, "west", "tea"))
    desk.add(("tea", "west"))
    desk.view.retry()
    desk.add(("tea", "west"))
    return desk


def refold(desk: Desk) -> None:
    desk.restart()
    desk.view.apply(desk.log.commit())


def test_a_dead_letter_stays_dead_with_its_time_and_its_attempts() -> None:
    desk = stopped()
    desk.view.redrive("2.0")
    [before] = desk.view.letters()
    assert (before.status, before.attempts) == ("dead", 3)
    refold(desk)
    assert desk.view.letters() == [before]
    desk.view.retry()
    assert desk.view.letters() == [before]


def test_a_letter_that_was_still_tried_is_tried_from_the_start() -> None:
    desk = Desk()
    desk.gate.poisoned.add((1, "west", "tea"))
    desk.add(("tea", "west"))
    desk.view.retry()
    refold(desk)
    [letter] = desk.view.letters()
    assert (letter.status, letter.attempts) == ("retrying", 1)


def test_a_dead_letter_whose_change_folds_now_is_closed() -> None:
    desk = stopped()
    desk.gate.poisoned.clear()
    refold(desk)
    [letter] = desk.view.letters()
    assert letter.status == "redriven"
    assert desk.shown("tea") == {"west": 3}
    desk.view.retry()
    assert [known.status for known in desk.decisions.letters] == ["dead", "redriven"]


def test_a_dead_letter_that_a_snapshot_covers_is_closed() -> None:
    desk = stopped()
    desk.restart()
    desk.view.seed(2, [Level("west", "tea", 5, 0, 2, START)])
    desk.view.apply(desk.log.commit())
    [letter] = desk.view.letters()
    assert letter.status == "redriven"
    assert desk.shown("tea") == {"west": 3}
    assert not desk.is_diverged("tea")


def test_a_discarded_change_stays_out_though_it_would_fold_now() -> None:
    desk = stopped()
    desk.view.discard("2.0", "wrong")
    stock = desk.view.find("tea")
    desk.gate.poisoned.clear()
    refold(desk)
    [letter] = desk.view.letters()
    assert (letter.status, letter.reason) == ("discarded", "wrong")
    assert desk.view.find("tea") == stock
    assert (2, "west", "tea") not in desk.gate.passed


def test_a_stale_level_is_stale_again() -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    desk.add(("tea", "west", impossible))
    desk.view.discard("2.0", "wrong")
    refold(desk)
    assert desk.is_diverged("tea")
    assert desk.shown("tea") == {"west": 1}
    assert desk.view.open_letters == 0


def test_a_redriven_change_that_fails_anew_is_a_new_letter() -> None:
    desk = stopped()
    poisoned, desk.gate.poisoned = desk.gate.poisoned, set()
    desk.view.redrive("2.0")
    desk.gate.poisoned = poisoned
    refold(desk)
    [letter] = desk.view.letters()
    assert (letter.status, letter.attempts, letter.parked) == ("retrying", 1, 1)


@pytest.mark.parametrize("discarded", [False, True])
def test_a_decision_waits_for_its_change_to_come_up_again(discarded: bool) -> None:  # noqa: FBT001 - pytest's
    desk = stopped()
    desk.restart()
    desk.gate.poisoned = {(1, "west", "tea"), (2, "west", "tea")}
    assert desk.view.redrive("2.0").status == "dead", "its change has not come up yet"
    desk.view.apply(desk.log.commit())
    if discarded:
        desk.view.discard("2.0", "wrong")
    assert [(it.id, it.status) for it in desk.view.letters()] == [
        ("1.0", "retrying"),
        ("2.0", "discarded" if discarded else "dead"),
    ]
    desk.gate.poisoned.discard((1, "west", "tea"))
    desk.view.redrive("1.0")
    assert desk.shown("tea") == ({"west": 3} if discarded else {"west": 1})
    assert [it.status for it in desk.view.letters()] == [
        "redriven",
        "discarded" if discarded else "dead",
    ]
