"""All checks, in the order in which a provider is best written."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from surestock.commerce.conformance import carts, orders
from surestock.commerce.conformance.lab import Lab

Check: TypeAlias = Callable[[Lab], Awaitable[None]]

CHECKS: tuple[Check, ...] = (
    carts.a_new_cart_is_empty,
    carts.a_cart_holds_what_it_was_told_to,
    carts.a_quantity_is_absolute,
    carts.a_quantity_that_is_set_twice_counts_once,
    carts.a_line_is_removed_once_or_twice,
    carts.prices_are_minor_units_of_the_currency,
    carts.an_unknown_sku_is_not_found,
    carts.an_expired_cart_is_named_so,
    carts.too_few_in_stock_is_told,
    carts.two_carts_do_not_mix,
    carts.a_cart_is_closed_once_or_twice,
    orders.an_order_is_placed_and_paid,
    orders.preparing_may_be_repeated,
    orders.a_prepared_cart_can_still_be_changed,
    orders.an_order_is_found_by_its_attempt,
    orders.an_order_that_was_not_placed_is_not_found,
    orders.a_declined_payment_places_nothing,
    orders.a_lost_answer_is_an_unknown_outcome,
    orders.placing_again_after_a_lost_answer_makes_no_second_order,
    orders.a_cart_is_ordered_once,
)
