"""What a batch works on: as it was read, then as it is changed; what was not read is asked for."""

from datetime import UTC, datetime, timedelta

import pytest

from surestock.cart.model import Product
from surestock.engine.postgres.loaded import Loaded
from surestock.inventory.document import Gone
from surestock.inventory.model import Level, Line, Reservation
from surestock.inventory.view import Changes

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TEA, RICE = ("east", "tea"), ("east", "rice")
LEVEL = Level("east", "tea", 5, 1, 3, NOW)
PLAN = Product("plan", "Plan", "plan", 1, "EUR", stocked=False, version=1, updated_at=NOW)


def held(name: str, seconds: float | None = None, *lines: tuple[str, str]) -> Reservation:
    expires_at = None if seconds is None else NOW + timedelta(seconds=seconds)
    return Reservation(
        name, tuple(Line(*key, 1) for key in lines or (TEA,)), "active", expires_at=expires_at
    )


@pytest.fixture
def loaded() -> Loaded:
    return Loaded()


def test_what_was_not_read_is_asked_for_by_name(loaded: Loaded) -> None:
    assert not loaded.asked
    assert loaded.level(TEA) is None
    assert loaded.document(PLAN.key) is None
    assert loaded.reservation("r") is None
    assert loaded.asked
    assert (loaded.asked.levels, loaded.asked.documents, loaded.asked.reservations) == (
        {TEA},
        {PLAN.key},
        {"r"},
    )


def test_what_was_looked_for_and_is_not_there_is_not_asked_for_again(loaded: Loaded) -> None:
    loaded.put_levels([TEA, RICE], [LEVEL])
    loaded.put_documents([PLAN.key], [])
    loaded.put_reservations(["r"], [])
    assert (loaded.level(TEA), loaded.level(RICE)) == (LEVEL, None)
    assert (loaded.document(PLAN.key), loaded.reservation("r")) == (None, None)
    assert not loaded.asked


def test_only_what_is_due_on_a_level_is_due(loaded: Loaded) -> None:
    both = held("both", -1, TEA, RICE, TEA)
    everything = [held("past", -1), held("now", 0), held("later", 1), held("ever"), both]
    loaded.put_reservations([], [*everything, held("other", -1, RICE)])
    assert sorted(it.reservation_id for it in loaded.due(TEA, NOW)) == ["both", "now", "past"]
    assert sorted(it.reservation_id for it in loaded.due(RICE, NOW)) == ["both", "other"]
    assert loaded.due(("west", "tea"), NOW) == []


def test_the_next_decision_is_made_on_what_the_one_before_it_changed(loaded: Loaded) -> None:
    loaded.put_levels([TEA], [LEVEL])
    loaded.put_documents([PLAN.key], [PLAN])
    loaded.put_reservations([], [held("r", -1)])
    ended = Reservation("r", held("r").lines, "expired")
    sold = Level("east", "tea", 4, 0, 4, NOW)
    changes = Changes(loaded, NOW)
    changes.levels[TEA] = sold
    changes.reservations["r"] = ended
    changes.documents[PLAN.key] = Gone(PLAN.key)
    loaded.apply(changes)
    assert (loaded.level(TEA), loaded.reservation("r")) == (sold, ended)
    assert (loaded.document(PLAN.key), loaded.due(TEA, NOW)) == (None, [])
    assert loaded.known_documents == {PLAN.key: PLAN}
    assert loaded.known_reservations["r"].status == "active"  # type: ignore[union-attr]
