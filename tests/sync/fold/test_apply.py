"""Folding: every level of every record once, and nothing that the log does not say."""

import pytest

from surestock.inventory.model import MAX_QUANTITY, Level
from surestock.kit import failpoints
from surestock.sync.errors import CannotFold, FoldError
from tests.sync.fold.paper import START, Desk, PaperLog, garbled, nameless


def test_a_sku_is_shown_in_every_store_that_has_it_sorted_by_store() -> None:
    desk = Desk()
    desk.add(("tea", "west"), ("tea", "east"))
    desk.add(("tea", "north"))
    desk.add(("tea", "west"))
    stock = desk.view.find("tea")
    assert stock is not None
    assert [level.store_id for level in stock.levels] == ["east", "north", "west"]
    assert stock.levels == tuple(
        desk.log.truth[store, "tea"] for store in ("east", "north", "west")
    )
    assert not stock.diverged


def test_a_sku_that_the_log_never_named_is_not_there() -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    assert desk.view.find("rice") is None
    assert len(desk.view) == 1


def test_pages_hold_all_skus_once_in_order_whichever_came_first() -> None:
    desk = Desk()
    for sku in ("rice", "tea", "apple", "salt", "milk"):
        desk.add((sku, "east"))
    seen, after = [], ""
    while page := desk.view.page(after, 2):
        assert len(page) <= 2
        seen += [stock.sku for stock in page]
        after = seen[-1]
    assert seen == ["apple", "milk", "rice", "salt", "tea"]


def test_a_record_that_touches_no_level_moves_the_view_on() -> None:
    desk = Desk()
    assert desk.view.apply(b'[{"sequence":1,"events":[]}]') == 1
    assert desk.view.applied_sequence == 1


def test_a_commit_that_comes_twice_or_overlaps_changes_nothing() -> None:
    desk = Desk()
    for _ in range(5):
        desk.log.add(("tea", "west"))
    assert desk.view.apply(desk.log.commit(1, 3)) == 3
    assert desk.view.apply(desk.log.commit(1, 3)) == 0
    assert desk.view.apply(desk.log.commit(2, 5)) == 2
    assert desk.shown("tea") == {"west": 5}
    assert set(desk.gate.passed.values()) == {1}


def test_a_gap_stops_the_fold_and_names_the_record_that_is_missing() -> None:
    desk = Desk()
    for _ in range(4):
        desk.log.add(("tea", "west"))
    desk.view.apply(desk.log.commit(1, 2))
    with pytest.raises(CannotFold, match=r"Record 3 cannot .* record 4 follows") as error:
        desk.view.apply(desk.log.commit(4))
    assert error.value.sequence == 3
    assert desk.view.applied_sequence == 2
    desk.view.apply(desk.log.commit(3))
    assert desk.shown("tea") == {"west": 4}


def test_a_level_without_its_sku_stops_the_fold_before_its_record() -> None:
    desk = Desk()
    desk.log.add(("tea", "west"))
    desk.log.add(("rice", "west"), ("tea", "west", nameless))
    desk.log.add(("tea", "west"))
    for _ in range(2):
        with pytest.raises(CannotFold, match=r"Record 2 .* does not tell its SKU"):
            desk.view.apply(desk.log.commit())
        assert desk.view.applied_sequence == 1
        assert desk.view.find("rice") is None, "half of a record was folded"


@pytest.mark.parametrize(
    ("records", "why"),
    [
        (b"[{]", "no list of records"),
        (b'{"sequence":1}', "no list of records"),
        (b'[{"levels":[]}]', "no sequence"),
        (b'[{"sequence":"1","levels":[]}]', "no sequence"),
        (b'[{"sequence":1,"levels":7}]', "cannot be told apart"),
        (b'[{"sequence":1,"levels":["tea"]}]', "does not tell its SKU"),
    ],
)
def test_what_cannot_be_told_apart_stops_the_fold(records: bytes, why: str) -> None:
    desk = Desk()
    with pytest.raises(CannotFold, match=f"Record 1 .*{why}"):
        desk.view.apply(records)
    assert desk.view.applied_sequence == 0


def test_a_record_that_a_snapshot_covers_is_not_even_read() -> None:
    desk = Desk()
    desk.log.add(("tea", "west", nameless))
    desk.log.add(("tea", "west", garbled))
    desk.log.add(("tea", "west"))
    desk.view.seed(2, [Level("west", "tea", 5, 1, 2, START)])
    assert desk.view.apply(desk.log.commit()) == 1
    assert desk.shown("tea") == {"west": 3}
    assert not desk.is_diverged("tea")


def test_a_snapshot_and_the_log_after_it_give_the_same_view_as_the_whole_log() -> None:
    desk = Desk()
    snapshot = dict(desk.log.truth)
    for number in range(30):
        desk.add((f"sku-{number % 7}", "west"), (f"sku-{number % 5}", f"store-{number % 3}"))
        if number == 17:
            snapshot = dict(desk.log.truth)
    whole = desk.view.page("", 100)
    desk.restart()
    desk.view.seed(18, snapshot.values())
    desk.view.apply(desk.log.commit())
    assert desk.view.page("", 100) == whole
    assert desk.view.applied_sequence == 30


def test_only_an_empty_view_is_seeded() -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    with pytest.raises(AssertionError, match="at record 1 already"):
        desk.view.seed(9, [])


@pytest.mark.parametrize(
    ("on_hand", "reserved", "version", "why"),
    [
        (5, 6, 2, "reserved 6 break"),
        (5, -1, 2, "reserved -1 break"),
        (-5, -6, 2, "on-hand -5"),
        (MAX_QUANTITY + 1, 0, 2, "on-hand 9007199254740992"),
        (5, 0, 1, "version 1 does not follow: 2 was expected"),
        (5, 0, 3, "version 3 does not follow: 2 was expected"),
    ],
)
def test_a_change_that_breaks_a_rule_is_refused(
    on_hand: int, reserved: int, version: int, why: str
) -> None:
    desk = Desk()
    desk.add(("tea", "west"))
    spoiled = {"onHand": on_hand, "reserved": reserved, "version": version}
    desk.add(("tea", "west", lambda level: level | spoiled))
    [letter] = desk.view.letters()
    assert why in letter.error
    assert desk.shown("tea") == {"west": 1}


def test_the_largest_quantity_is_no_bad_one() -> None:
    desk = Desk()
    full = {"onHand": MAX_QUANTITY, "reserved": MAX_QUANTITY}
    desk.add(("tea", "west", lambda level: level | full))
    assert desk.view.letters() == []


def test_a_failpoint_stands_before_each_change() -> None:
    desk = Desk()
    left = [FoldError("once")]

    def fail() -> None:
        if left:
            raise left.pop()

    failpoints.arm("central.apply", fail)
    try:
        desk.add(("tea", "west"), ("rice", "west"))
    finally:
        failpoints.disarm_all()
    assert [(letter.sku, letter.error) for letter in desk.view.letters()] == [("tea", "once")]
    assert not desk.is_diverged("rice")


def test_levels_keep_the_strings_that_are_in_memory_already() -> None:
    log = PaperLog()
    desk = Desk()
    desk.log = log
    desk.restart()
    desk.add(("tea", "west"), ("rice", "west"))
    before = desk.view.find("tea")
    desk.add(("tea", "west"))
    after, other = desk.view.find("tea"), desk.view.find("rice")
    assert before is not None
    assert after is not None
    assert other is not None
    assert after.levels[0].sku is before.levels[0].sku
    assert after.levels[0].store_id is other.levels[0].store_id
