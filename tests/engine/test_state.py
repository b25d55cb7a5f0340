"""The state in memory: levels by key, pages in order, and no opinion on what is due."""

from datetime import UTC, datetime

from surestock.engine.state import State
from surestock.inventory.model import Level, Line, Reservation

THEN = datetime(2026, 1, 1, tzinfo=UTC)


def level(sku: str, on_hand: int, version: int = 1, store_id: str = "east") -> Level:
    return Level(store_id, sku, on_hand, 0, version, THEN)


def applied(*levels: Level) -> State:
    state = State()
    for each in levels:
        state.apply([each], [])
    return state


def test_what_was_applied_last_is_the_level() -> None:
    state = applied(level("tea", 1), level("tea", 2, version=2))
    assert state.level(("east", "tea")) == level("tea", 2, version=2)
    assert state.level(("west", "tea")) is None


def test_a_level_stands_in_its_stores_page_once() -> None:
    state = applied(level("tea", 1), level("tea", 2, version=2), level("ale", 3))
    assert [each.sku for each in state.page("east", "", 10)] == ["ale", "tea"]


def test_a_page_starts_behind_the_sku_that_was_named_whether_it_exists_or_not() -> None:
    state = applied(*(level(sku, 1) for sku in "dbca"))
    assert [each.sku for each in state.page("east", "b", 10)] == ["c", "d"]
    assert [each.sku for each in state.page("east", "bb", 1)] == ["c"]
    assert state.page("east", "d", 10) == []
    assert state.page("west", "", 10) == []


def test_reservations_are_found_by_their_id() -> None:
    held = Reservation("r", (Line("east", "tea", 1),), "active", THEN)
    state = State()
    state.apply([], [held])
    assert state.reservation("r") == held
    assert state.reservation("s") is None


def test_a_replay_finds_nothing_due_since_records_name_what_they_end() -> None:
    state = State()
    state.apply([], [Reservation("r", (Line("east", "tea", 1),), "active", THEN)])
    assert list(state.due(("east", "tea"), THEN)) == []
