"""Baskets: one guest's cart at the platform, and how it comes to hold what ours does.

https://developer.salesforce.com/docs/commerce/commerce-api/references/shopper-baskets?meta=Summary
"""

from collections.abc import Iterable
from decimal import Decimal
from http import HTTPStatus
from urllib.parse import quote

from surestock.commerce.errors import BadAnswer, CartExpired, Conflict, InsufficientStock
from surestock.commerce.money import to_minor
from surestock.commerce.port import RemoteCart, RemoteLine, WantedItem
from surestock.commerce.providers.salesforce.errors import QUOTA_EXCEEDED, problem_of, refusal
from surestock.commerce.providers.salesforce.shapes import Basket, ProductItem
from surestock.commerce.providers.salesforce.visit import Shop, Visit
from surestock.commerce.reply import Reply

_BETWEEN_IDS = " "
_NO_CURRENCY = "N/A"
_MOST_IN_THE_WAY = 4
_MOST_UNITS = 1_000_000_000


async def open_basket(shop: Shop, currency: str, reference: str) -> RemoteCart:
    """Make an empty basket for a new guest.

    A guest has one open basket at most. Should the site's own hooks have made one already, it is
    deleted: what it holds, nobody has put into our cart.
    """
    visit = await shop.enter()
    wanted = {"currency": currency}
    if shop.config.cart_attribute is not None:
        wanted[shop.config.cart_attribute] = reference
    reply = await visit.send("POST", shop.baskets, wanted)
    if in_the_way := _in_the_way(reply):
        for basket_id in in_the_way:
            await _delete(visit, basket_id)
        reply = await visit.send("POST", shop.baskets, wanted)
    if not reply.is_success:
        raise refusal(reply)
    basket = reply.decode(Basket)
    visit.basket_id = basket.basket_id
    return shown(basket, visit)


async def read_basket(visit: Visit) -> RemoteCart:
    """Return the basket as it is.

    A request without a body can only be a bad one for its basket: another shopper's, or no id.
    """
    reply = await visit.send("GET", visit.basket)
    if reply.status == HTTPStatus.BAD_REQUEST:
        raise CartExpired("The commerce platform does not know the cart any more.")
    return shown(visit.basket_in(reply), visit)


async def add(visit: Visit, item: WantedItem) -> RemoteCart:
    """Let the basket hold so many of what it does not seem to hold yet.

    The platform adds to what there is, and an earlier call whose answer got lost may have added
    already. What it holds is therefore looked at, and set right.
    """
    wanted = [{"productId": item.sku, "quantity": item.qty}]
    try:
        cart = shown(await visit.change("POST", "/items", wanted, sku=item.sku), visit)
    except InsufficientStock:
        cart = await read_basket(visit)
        if find_line(cart, item.sku) is None:
            raise
    line = find_line(cart, item.sku)
    if line is None:
        raise BadAnswer("The commerce platform did not add what it was told to.")
    return cart if line.qty == item.qty else await set_line(visit, line, item.qty)


async def set_line(visit: Visit, line: RemoteLine, qty: int) -> RemoteCart:
    """Let a line hold so many; 0 removes it. What stands in several lines comes into one."""
    first, *others = line.line_id.split(_BETWEEN_IDS)
    wanted = [{"itemId": first, "quantity": qty}]
    wanted += [{"itemId": other, "quantity": 0} for other in others]
    return shown(await visit.change("PATCH", "/items", wanted, sku=line.sku), visit)


async def remove(visit: Visit, line: RemoteLine) -> RemoteCart:
    """Take a line out, if it is there."""
    try:
        return await set_line(visit, line, 0)
    except Conflict:
        cart = await read_basket(visit)
        if find_line(cart, line.sku) is not None:
            raise
        return cart


async def close(visit: Visit) -> None:
    """Delete the basket, if it is there."""
    await _delete(visit, visit.basket_id)


def find_line(cart: RemoteCart, sku: str) -> RemoteLine | None:
    """Return the line of a SKU."""
    return next((line for line in cart.lines if line.sku == sku), None)


def shown(basket: Basket, visit: Visit) -> RemoteCart:
    """Return a basket as the port shows carts. Raises ``BadAnswer`` for what can't be one.

    What the site gives on top of a purchase, it gives and takes by itself: it is no line of ours.
    """
    currency = None if basket.currency == _NO_CURRENCY else basket.currency
    bought: dict[str, list[ProductItem]] = {}
    for item in basket.product_items:
        if not item.bonus_product_line_item:
            bought.setdefault(item.product_id, []).append(item)
    return RemoteCart(
        context=visit.context,
        lines=tuple(_line(sku, items, currency) for sku, items in bought.items()),
        currency=currency,
        total=_minor(basket.order_total, currency),
    )


def _line(sku: str, items: Iterable[ProductItem], currency: str | None) -> RemoteLine:
    ids, qty = [], 0
    prices = set()
    for item in items:
        if not (item.quantity.is_integer() and 0 <= item.quantity <= _MOST_UNITS):
            raise BadAnswer("The commerce platform's basket holds no whole number of an article.")
        ids.append(item.item_id)
        qty += int(item.quantity)
        prices.add(_minor(item.base_price, currency))
    unit_price = prices.pop() if len(prices) == 1 else None
    return RemoteLine(_BETWEEN_IDS.join(ids), sku, qty, unit_price)


def _minor(amount: Decimal | None, currency: str | None) -> int | None:
    return None if amount is None or currency is None else to_minor(amount, currency)


def _in_the_way(reply: Reply) -> list[str]:
    """Return the ids of the baskets for which there may be no other one."""
    if reply.is_success:
        return []
    problem = problem_of(reply)
    if problem.slug != QUOTA_EXCEEDED or problem.basket_ids is None:
        return []
    return [basket_id.strip() for basket_id in problem.basket_ids.split(",", _MOST_IN_THE_WAY)]


async def _delete(visit: Visit, basket_id: str) -> None:
    reply = await visit.send("DELETE", f"{visit.shop.baskets}/{quote(basket_id, safe='')}")
    if not reply.is_success and not isinstance(error := refusal(reply), CartExpired):
        raise error
