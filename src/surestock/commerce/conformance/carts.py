"""Checks of carts: they hold what they were told to, however often they were told."""

from collections.abc import Awaitable, Callable

from msgspec import structs

from surestock.commerce.conformance.lab import Lab
from surestock.commerce.conformance.shopper import UNKNOWN_SKU, Shopper
from surestock.commerce.conformance.verdict import NotApplicable, equals, holds, raises
from surestock.commerce.errors import CartExpired, InsufficientStock, ItemNotFound


async def a_new_cart_is_empty(lab: Lab) -> None:
    """A new cart holds nothing, and names its provider and itself."""
    shopper = await Shopper.enter(lab)
    equals(shopper.cart.lines, (), "the lines of a new cart")
    equals(shopper.cart.context.provider, lab.provider.name, "the provider in the context")
    holds(bool(shopper.cart.context.external_cart_id), "a cart has an id")
    await shopper.look()
    equals(shopper.cart.lines, (), "the lines of a new cart, when it is read")


async def a_cart_holds_what_it_was_told_to(lab: Lab) -> None:
    """Several articles, each with its quantity: also when it is read again after a restart."""
    shopper = await Shopper.enter(lab, {0: 1, 1: 3, 2: 2})
    skus = [article.sku for article in lab.articles]
    wanted = {skus[0]: 1, skus[1]: 3, skus[2]: 2}
    equals(shopper.quantities, wanted, "what the cart holds")
    shopper.provider = lab.restarted()
    await shopper.look()
    equals(shopper.quantities, wanted, "what the cart holds, read by another process")


async def a_quantity_is_absolute(lab: Lab) -> None:
    """To set it up, down and to what it is already leaves the last quantity."""
    article = lab.articles[0]
    shopper = await Shopper.enter(lab)
    for qty in (2, 5, 5, 1):
        await shopper.hold(article, qty)
        equals(shopper.quantities, {article.sku: qty}, f"after it was set to {qty}")
    await shopper.look()
    equals(shopper.quantities, {article.sku: 1}, "what is read after that")


async def a_quantity_that_is_set_twice_counts_once(lab: Lab) -> None:
    """Also when the second call does not know of the line that the first one made.

    That is what a retry looks like when the answer to the first call got lost.
    """
    item = structs.replace(lab.articles[0], qty=2)
    shopper = await Shopper.enter(lab)
    context = shopper.context
    await lab.provider.set_quantity(context, item, None)
    shopper.cart = await lab.provider.set_quantity(context, item, None)
    equals(shopper.quantities, {item.sku: 2}, "after the same call came twice")
    await shopper.look()
    equals(shopper.quantities, {item.sku: 2}, "what is read after that")


async def a_line_is_removed_once_or_twice(lab: Lab) -> None:
    """A line that is gone already is no error, and the others stay."""
    shopper = await Shopper.enter(lab, {0: 1, 1: 2})
    line = shopper.find_line(lab.articles[0].sku)
    if line is None:
        raise NotApplicable("the platform shows no lines")
    await shopper.drop(line)
    await shopper.drop(line)
    equals(shopper.quantities, {lab.articles[1].sku: 2}, "what is left")
    await shopper.hold(lab.articles[0], 4)
    equals(shopper.quantities[line.sku], 4, "the article that came back")


async def prices_are_minor_units_of_the_currency(lab: Lab) -> None:
    """What the platform tells of prices and sums is in whole minor units."""
    shopper = await Shopper.enter(lab, {0: 2, 1: 1})
    cart = shopper.cart
    holds(cart.currency in {None, lab.currency}, f"the cart's currency is {cart.currency}")
    for article in lab.articles[:2]:
        line = shopper.find_line(article.sku)
        price = None if line is None else line.unit_price
        holds(price in {None, article.unit_price}, f"{article.sku} costs {price}")
    least = shopper.subtotal
    holds(cart.total is None or cart.total >= least, f"the cart's total is {cart.total}")


async def an_unknown_sku_is_not_found(lab: Lab) -> None:
    """An article that the platform does not sell is refused by name, and the cart stays usable."""
    shopper = await Shopper.enter(lab, {0: 1})
    unknown = structs.replace(lab.articles[0], sku=UNKNOWN_SKU)
    with raises(ItemNotFound, "an unknown SKU") as raised:
        await shopper.hold(unknown, 1)
    equals(raised.error.sku, UNKNOWN_SKU, "the SKU that the error names")
    await shopper.look()
    equals(shopper.quantities, {lab.articles[0].sku: 1}, "what the cart holds after that")


async def an_expired_cart_is_named_so(lab: Lab) -> None:
    """Every verb says that the cart is gone, none makes another one silently; a new one works."""
    for verb in _verbs_on_a_cart():
        shopper = await Shopper.enter(lab, {0: 1})
        await lab.expire(shopper.context)
        with raises(CartExpired, "a cart that is gone"):
            await verb(shopper, lab)
    shopper = await Shopper.enter(lab, {1: 2})
    equals(shopper.quantities, {lab.articles[1].sku: 2}, "what a new cart holds")


def _verbs_on_a_cart() -> tuple[Callable[[Shopper, Lab], Awaitable[None]], ...]:
    async def look(shopper: Shopper, _: Lab) -> None:
        await shopper.look()

    async def hold_more(shopper: Shopper, lab: Lab) -> None:
        await shopper.hold(lab.articles[0], 2)

    async def hold_another(shopper: Shopper, lab: Lab) -> None:
        await shopper.hold(lab.articles[1], 1)

    return look, hold_more, hold_another


async def too_few_in_stock_is_told(lab: Lab) -> None:
    """More than there are raises; what a platform gave nevertheless, the next read shows."""
    found = await lab.scarce()
    if found is None:
        raise NotApplicable("the platform keeps no stock")
    article, there_are = found
    shopper = await Shopper.enter(lab)
    with raises(InsufficientStock, "more than there are") as raised:
        await shopper.hold(article, there_are + 5)
    equals(raised.error.sku, article.sku, "the SKU that the error names")
    told = raised.error.available
    holds(told in {None, there_are}, f"{told} are said to be there, not {there_are}")
    await shopper.look()
    qty = shopper.quantities.get(article.sku, 0)
    most = there_are if lab.provider.capabilities.stock == "partial" else 0
    holds(qty <= most, f"the cart holds {qty}, where at most {most} are due")
    await shopper.hold(article, 1)
    equals(shopper.quantities[article.sku], 1, "a quantity that there is")


async def two_carts_do_not_mix(lab: Lab) -> None:
    """Two carts that are filled by turns hold what each was told to."""
    one, other = await Shopper.enter(lab, {0: 1}), await Shopper.enter(lab, {1: 1})
    holds(
        one.cart.context.external_cart_id != other.cart.context.external_cart_id,
        "two carts have two ids",
    )
    await one.hold(lab.articles[1], 2)
    await other.hold(lab.articles[2], 3)
    await one.look()
    await other.look()
    skus = [article.sku for article in lab.articles]
    equals(one.quantities, {skus[0]: 1, skus[1]: 2}, "what the one holds")
    equals(other.quantities, {skus[1]: 1, skus[2]: 3}, "what the other one holds")


async def a_cart_is_closed_once_or_twice(lab: Lab) -> None:
    """To let go of a cart that is gone already is no error."""
    shopper = await Shopper.enter(lab, {0: 1})
    await lab.provider.close_cart(shopper.context)
    await lab.provider.close_cart(shopper.context)
