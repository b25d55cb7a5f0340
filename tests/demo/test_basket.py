"""Sale lines become baskets, and baskets become reservations that the service accepts."""

from demo.basket import Basket, group_baskets, split

BREAD, MILK = ("1", "bread"), ("1", "milk")


def test_neighbouring_lines_of_one_number_are_one_basket_in_the_order_of_the_lines() -> None:
    lines = [(7, BREAD, 1), (7, MILK, 2), (3, BREAD, 4)]
    assert list(group_baskets(lines)) == [Basket(7, {BREAD: 1, MILK: 2}), Basket(3, {BREAD: 4})]


def test_lines_of_the_same_stock_key_are_summed() -> None:
    assert list(group_baskets([(7, BREAD, 1), (7, BREAD, 5)])) == [Basket(7, {BREAD: 6})]


def test_a_basket_of_161_lines_is_two_reservations_and_nothing_is_lost() -> None:
    wanted = {("1", str(number)): number + 1 for number in range(161)}
    first, second = split(wanted)
    assert (len(first), len(second)) == (100, 61)
    assert first | second == wanted


def test_a_basket_of_exactly_the_limit_is_one_reservation() -> None:
    wanted = {("1", str(number)): 1 for number in range(100)}
    assert list(split(wanted)) == [wanted]
