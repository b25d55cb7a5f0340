"""Folding in PostgreSQL: every level of every record once, as the log says it, whoever folds."""

import pytest

from surestock.sync.outbox.folding import Rules, fold_some
from tests.sync.fold.paper import START, Spoil, garbled
from tests.sync.outbox.place import Place


async def test_the_view_is_the_log_and_pages_are_in_order_of_skus_and_stores(place: Place) -> None:
    for number in range(300):
        place.log.add((f"sku-{number % 17}", f"store-{number % 3}"), (f"sku-{number % 5}x", "west"))
    await place.put()
    assert await place.fold(most=70) == 300
    assert await place.differences() == []
    stocks = await place.stocks()
    assert [stock.sku for stock in stocks] == sorted({sku for _, sku in place.log.truth})
    for stock in stocks:
        stores = [level.store_id for level in stock.levels]
        assert stores == sorted(stores)
        assert not stock.diverged
    assert set(place.gate.passed.values()) == {1}
    assert await place.fold() == 0


async def test_what_is_beyond_the_head_of_the_log_is_not_folded(place: Place) -> None:
    place.log.add(("tea", "west"))
    place.log.add(("tea", "west"))
    await place.put()
    await place.run(lambda it: it.execute("UPDATE surestock.head SET sequence = 1"))
    assert await place.fold() == 1
    assert await place.shown("tea") == {"west": 1}


async def test_a_record_that_touches_no_level_moves_the_view_on(place: Place) -> None:
    place.log.records.append(b'{"sequence":1,"events":[]}')
    await place.put()
    assert await place.fold() == 1
    assert (await place.tide()).applied == 1


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("{]", "no sequence"),
        ('{"levels":[]}', "no sequence"),
        ('{"sequence":7,"levels":[]}', "it says that it is record 7"),
        ('{"sequence":3,"levels":7}', "cannot be told apart"),
        ('{"sequence":3,"levels":[{"storeId":"west"}]}', "does not tell its SKU"),
        ('{"sequence":3,"levels":[{"sku":"a\\u0000b","storeId":"west"}]}', "a SKU holds a NUL"),
    ],
)
async def test_what_cannot_be_told_apart_stops_the_view_before_its_record_until_it_is_mended(
    place: Place, body: str, why: str
) -> None:
    for _ in range(4):
        place.log.add(("tea", "west"), ("rice", "west"))
    sound, place.log.records[2] = place.log.records[2], body.encode()
    await place.put()
    assert await place.fold() == 2
    tide = await place.tide()
    assert tide.stopped is not None
    assert tide.stopped.startswith("Record 3 cannot be folded")
    assert why in tide.stopped
    assert await place.shown("tea") == {"west": 2}
    mended = sound.decode()
    await place.run(
        lambda it: it.execute("UPDATE surestock.records SET body = $1 WHERE sequence = 3", mended)
    )
    assert await place.fold() == 2
    assert (await place.tide()).stopped is None
    assert await place.differences() == []


async def test_a_gap_stops_the_view_and_names_the_record_that_is_missing(place: Place) -> None:
    for _ in range(3):
        place.log.add(("tea", "west"))
    await place.put()
    await place.run(lambda it: it.execute("DELETE FROM surestock.records WHERE sequence = 2"))
    assert await place.fold() == 1
    stopped = (await place.tide()).stopped
    assert stopped is not None
    assert "Record 2" in stopped
    assert "record 3 follows instead" in stopped


def _with(**members: object) -> Spoil:
    return lambda level: level | members


@pytest.mark.parametrize(
    "spoil",
    [
        garbled,
        _with(onHand=2**70, reserved=2**70),
        _with(version=2**70),
        _with(updatedAt=START.replace(tzinfo=None).isoformat()),
        _with(storeId="we\0st"),
        _with(storeId="we\0st", onHand="many"),
        _with(updatedAt="0001-01-01T00:00:00+14:00"),
    ],
)
async def test_whatever_a_level_says_it_spoils_its_own_sku_and_no_other(
    place: Place, spoil: Spoil
) -> None:
    place.rules = Rules(place.now)
    await place.add(("tea", "west"), ("rice", "west"))
    await place.add(("rice", "west"), ("tea", "west", spoil), ("milk", "west"))
    await place.add(("tea", "east"), ("rice", "west"))
    assert (await place.tide()).applied == 3
    assert await place.shown("rice") == {"west": 3}
    assert await place.shown("milk") == {"west": 1}
    assert await place.is_diverged("tea")
    [letter] = await place.letters()
    assert (letter.id, letter.sku, letter.parked) == ("2.1", "tea", 1)


async def test_who_does_not_get_the_turn_does_nothing(place: Place) -> None:
    place.log.add(("tea", "west"))
    await place.put()
    other = type(place.lane)(place.config)
    async with other.use() as holder, holder.transaction():
        await holder.execute("SELECT 1 FROM surestock.central_head FOR UPDATE")
        assert await place.run(lambda it: fold_some(it, 10, place.rules)) is None
    await other.close()
    assert await place.fold() == 1


async def test_only_the_levels_of_a_chunk_are_read_and_written(place: Place) -> None:
    for number in range(50):
        place.log.add((f"sku-{number}", "west"))
    place.log.add(("sku-7", "east"))
    await place.put()
    await place.fold()
    place.log.add(("sku-7", "west"))
    await place.put()
    await place.run(lambda it: it.execute("UPDATE surestock.central SET on_hand = on_hand + 1"))
    await place.fold()
    assert len(await place.differences()) == 50, "what nobody changed was written again"
