"""Dead letters in tables: one SKU stops, nobody else does, and nothing is lost or folded twice."""

from functools import partial

import pytest

from surestock.inventory.central import DeadLetter
from surestock.inventory.refusals import NotFound
from surestock.sync.changes import Position
from surestock.sync.outbox import deciding, oldest_needed
from surestock.sync.outbox.deciding import decide, drain_some, retry_some
from tests.sync.fold.paper import Spoil, garbled, impossible, storeless
from tests.sync.outbox.place import Place


async def poison(place: Place) -> None:
    """Stop tea at record 2 by a fault that may pass, with two changes behind it."""
    await place.add(("tea", "west"), ("rice", "west"))
    place.gate.poisoned.add((2, "west", "tea"))
    await place.add(("rice", "west"), ("tea", "west"))
    await place.add(("tea", "east"))
    await place.add(("tea", "west"), ("rice", "west"))


async def retry(place: Place) -> None:
    after: Position | None = (-1, -1)
    while after is not None:
        after = await place.run(partial(retry_some, after=after, rules=place.rules))


async def redrive(place: Place, letter_id: str) -> DeadLetter:
    return (await place.run(lambda it: decide(it, letter_id, None, place.rules)))[0]


async def discard(place: Place, letter_id: str, reason: str = "wrong") -> DeadLetter:
    return (await place.run(lambda it: decide(it, letter_id, reason, place.rules)))[0]


async def only(place: Place) -> DeadLetter:
    [letter] = await place.letters()
    return letter


async def test_a_bad_change_stops_its_sku_in_all_stores_and_no_other(place: Place) -> None:
    await poison(place)
    assert await place.shown("tea") == {"west": 1}
    assert await place.is_diverged("tea")
    assert await place.shown("rice") == {"west": 3}
    assert not await place.is_diverged("rice")
    letter = await only(place)
    assert (letter.id, letter.sequence, letter.store_id, letter.sku) == ("2.1", 2, "west", "tea")
    assert (letter.status, letter.attempts, letter.parked) == ("retrying", 1, 2)
    assert letter.error == "change (2, 'west', 'tea') is poisoned"
    tide = await place.tide()
    assert (tide.applied, tide.open_letters, tide.opened_letters) == (4, 1, 1)
    assert await place.run(oldest_needed) == 2


async def test_a_fault_that_passes_heals_by_itself(place: Place) -> None:
    await poison(place)
    await retry(place)
    assert (await only(place)).attempts == 2
    place.gate.poisoned.clear()
    await retry(place)
    assert (await only(place)).status == "redriven"
    assert await place.differences() == []
    assert not await place.is_diverged("tea")
    assert set(place.gate.passed.values()) == {1}
    assert await place.run(oldest_needed) == 5
    assert (await place.tide()).open_letters == 0


async def test_after_three_tries_a_letter_is_dead_and_left_alone(place: Place) -> None:
    await poison(place)
    await retry(place)
    await retry(place)
    letter = await only(place)
    assert (letter.status, letter.attempts) == ("dead", 3)
    place.gate.poisoned.clear()
    await retry(place)
    assert await only(place) == letter


async def test_a_redrive_that_fails_counts_and_the_letter_stays(place: Place) -> None:
    await poison(place)
    letter = await redrive(place, "2.1")
    assert (letter.status, letter.attempts, letter.parked) == ("retrying", 2, 2)
    assert await place.shown("tea") == {"west": 1}


async def test_a_parked_change_that_fails_is_the_next_letter_with_the_rest_behind_it(
    place: Place,
) -> None:
    await poison(place)
    place.gate.poisoned = {(3, "east", "tea")}
    await redrive(place, "2.1")
    first, second = await place.letters()
    assert (first.status, first.parked) == ("redriven", 0)
    assert (second.id, second.status, second.parked) == ("3.0", "retrying", 1)
    assert await place.shown("tea") == {"west": 2}
    place.gate.poisoned.clear()
    await redrive(place, "3.0")
    assert await place.differences() == []
    assert not await place.is_diverged("tea")


async def test_a_discard_gives_up_one_change_and_says_that_its_level_is_stale(
    place: Place,
) -> None:
    await place.add(("tea", "west"))
    await place.add(("tea", "west", impossible))
    await place.add(("tea", "east"))
    letter = await discard(place, "2.0", "counted wrongly")
    assert (letter.status, letter.reason, letter.parked) == ("discarded", "counted wrongly", 0)
    assert await place.shown("tea") == {"east": 1, "west": 1}
    assert await place.is_diverged("tea")
    await place.add(("tea", "east"))
    assert await place.is_diverged("tea")
    await place.add(("tea", "west"))
    assert await place.shown("tea") == {"east": 2, "west": 3}
    assert not await place.is_diverged("tea")


async def test_a_discarded_change_without_a_store_leaves_the_whole_sku_in_doubt(
    place: Place,
) -> None:
    await place.add(("tea", "west"))
    await place.add(("tea", "west", storeless))
    await discard(place, "2.0")
    await place.add(("tea", "west"))
    assert await place.shown("tea") == {"west": 3}
    assert await place.is_diverged("tea")
    assert (await place.tide()).open_letters == 0


async def test_a_sku_whose_first_change_is_bad_is_shown_as_diverged_with_nothing(
    place: Place,
) -> None:
    await place.add(("tea", "west", garbled))
    assert await place.shown("tea") == {}
    assert await place.is_diverged("tea")


async def test_deciding_again_about_a_closed_letter_changes_nothing(place: Place) -> None:
    await poison(place)
    discarded = await discard(place, "2.1")
    assert await discard(place, "2.1", "another reason") == discarded
    assert await redrive(place, "2.1") == discarded


@pytest.mark.parametrize(
    "unknown", ["9.0", "2.0", "2", "", "tea", "2.-1", f"{2**80}.0", f"2.{2**40}"]
)
async def test_a_letter_that_is_not_there_is_not_found(place: Place, unknown: str) -> None:
    await poison(place)
    with pytest.raises(NotFound, match=f"There is no dead letter {unknown}"):
        await redrive(place, unknown)
    with pytest.raises(NotFound):
        await discard(place, unknown)


async def test_a_record_that_is_gone_fails_its_change_and_no_more(place: Place) -> None:
    await poison(place)
    place.gate.poisoned.clear()
    await place.run(lambda it: it.execute("DELETE FROM surestock.records WHERE sequence = 3"))
    await redrive(place, "2.1")
    letter = (await place.letters())[-1]
    assert (letter.id, letter.error) == ("3.0", "record 3 is no longer in the log")
    assert await place.shown("tea") == {"west": 2}


@pytest.mark.parametrize("spoil", [None, impossible])
async def test_a_long_queue_is_drained_in_parts_and_what_comes_meanwhile_waits_behind_it(
    place: Place, monkeypatch: pytest.MonkeyPatch, spoil: Spoil | None
) -> None:
    monkeypatch.setattr(deciding, "_MANY", 3)
    monkeypatch.setattr(deciding, "_FEW", 3)
    await poison(place)
    for _ in range(8):
        await place.add(("tea", "west"), ("tea", "east"))
    place.gate.poisoned.clear()
    letter = await redrive(place, "2.1")
    assert (letter.status, letter.parked) == ("redriven", 15)
    assert await place.is_diverged("tea")
    await place.add(("tea", "west", spoil) if spoil else ("tea", "west"))
    assert (await place.letters())[0].parked == 16
    drains = 0
    while await place.run(lambda it: drain_some(it, place.rules)):
        drains += 1
    assert drains == 6
    if spoil is None:
        assert await place.differences() == []
        assert not await place.is_diverged("tea")
    else:
        assert [it.id for it in await place.letters()] == ["2.1", "13.0"]
        await discard(place, "13.0")
    assert set(place.gate.passed.values()) == {1}
    left = await place.run(lambda it: it.fetchval("SELECT count(*) FROM surestock.central_parked"))
    assert left == 0


async def test_letters_of_many_skus_are_all_tried(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deciding, "_SKUS", 4)
    for number in range(30):
        place.log.add((f"sku-{number}", "west"))
        place.gate.poisoned.add((number + 1, "west", f"sku-{number}"))
    await place.put()
    await place.fold()
    assert (await place.tide()).open_letters == 30
    place.gate.poisoned.clear()
    await retry(place)
    assert {it.status for it in await place.letters()} == {"redriven"}
    assert await place.differences() == []
    assert (await place.tide()).open_letters == 0
