"""A seed makes the same buyers each time, of every temper, who want more than there is."""

from collections import Counter

from demo.checkout.goods import goods
from demo.checkout.wish import wishes


def test_a_seed_makes_the_same_buyers_each_time() -> None:
    assert list(wishes(50, 7)) == list(wishes(50, 7))
    assert list(wishes(50, 7)) != list(wishes(50, 8))


def test_buyers_are_told_apart() -> None:
    assert len({wish.email for wish in wishes(500, 1)}) == 500


def test_every_temper_is_there_and_only_the_impatient_click_twice() -> None:
    drawn = list(wishes(500, 1))
    assert set(Counter(wish.temper for wish in drawn)) == {
        *("calm", "impatient", "fickle", "declined", "insolvent")
    }
    clicks = {wish.clicks for wish in drawn if wish.temper == "impatient"}
    assert clicks == {2, 3, 4, 5}
    assert {wish.clicks for wish in drawn if wish.temper != "impatient"} == {1}


def test_all_devices_that_were_asked_for_are_on_some_shelf() -> None:
    for devices in (1, 11, 12, 601):
        counts = [item.units or 0 for item in goods(devices) if item.kind == "device"]
        assert sum(counts) == devices
        assert max(counts) - min(counts) <= 1


def test_a_price_holds_its_tax_without_a_remainder() -> None:
    assert all(item.price % 11 == 0 for item in goods(12))
