"""The stock to open with: the same in every run, and too low where it is meant to be."""

from demo.opening import opening_stock

KEYS = [(str(store), str(sku)) for store in range(20) for sku in range(500)]


def test_about_two_keys_in_a_hundred_open_with_less_than_the_demand() -> None:
    short = sum(opening_stock(key, 10) < 10 for key in KEYS)
    assert 100 <= short <= 300


def test_a_shortage_still_opens_with_what_a_count_accepts() -> None:
    assert {opening_stock(key, 1) for key in KEYS} == {0, 1, 2, 3, 4}


def test_every_run_opens_with_the_same_stock() -> None:
    stock = [opening_stock(("31642", str(sku)), 9) for sku in range(8)]
    assert stock == [10, 9, 10, 12, 9, 9, 11, 11]
