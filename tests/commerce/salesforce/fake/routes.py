"""Which request of a guest means what at the fake's shop."""

import re
from collections.abc import Callable
from typing import TypeAlias

from tests.commerce.salesforce.fake.shop import Basket, Shop
from tests.commerce.salesforce.fake.wire import Answer, Asked, problem

ORGANIZATION, SITE = "f_ecom_zzte_053", "RefArch"
_ORDERS = re.compile(r"/customer/shopper-customers/v1/customers/([^/]+)/orders")
_BASKET = re.compile(r"/checkout/shopper-baskets/v2/baskets/([^/]+)(?:/(.*))?")
_SHIPMENT = "shipments/me/shipping-"
_Deed: TypeAlias = Callable[[Shop, Basket, Asked], Answer]


def shopped(shop: Shop, owner: str, asked: Asked) -> Answer:
    """Answer a request of a guest whose token is good."""
    assert asked.query["siteId"] == SITE
    path = asked.path.replace(f"/organizations/{ORGANIZATION}", "")
    if (asked.method, path) == ("POST", "/checkout/shopper-baskets/v2/baskets"):
        return shop.open(owner, asked)
    if (asked.method, path) == ("POST", "/checkout/shopper-orders/v1/orders"):
        return shop.place(owner, asked)
    if orders := _ORDERS.fullmatch(path):
        mine = orders[1] == owner
        return shop.listed(owner, asked) if mine else problem(400, "invalid-customer")
    if found := _BASKET.fullmatch(path):
        basket = shop.baskets.get(found[1])
        if basket is None or basket.owner != owner:
            return problem(404, "basket-not-found")
        return _DEEDS[f"{asked.method} {_without_id(found[2] or '')}"](shop, basket, asked)
    return problem(404, "not-found")


def _without_id(part: str) -> str:
    return part.split("/", maxsplit=1)[0] if part.startswith("payment-instruments/") else part


def _read(shop: Shop, basket: Basket, _: Asked) -> Answer:
    return shop.shown(basket)


def _delete(shop: Shop, basket: Basket, _: Asked) -> Answer:
    del shop.baskets[basket.basket_id]
    return Answer(204)


def _take_payment_out(shop: Shop, basket: Basket, asked: Asked) -> Answer:
    del basket.instruments[asked.path.rpartition("/")[2]]
    return shop.shown(basket)


def _name_customer(shop: Shop, basket: Basket, asked: Asked) -> Answer:
    basket.email = asked.json["email"]
    return shop.shown(basket)


def _send_to(shop: Shop, basket: Basket, asked: Asked) -> Answer:
    basket.address = asked.json
    return shop.shown(basket)


def _send_by(shop: Shop, basket: Basket, asked: Asked) -> Answer:
    basket.method = asked.json["id"]
    return shop.shown(basket)


_DEEDS: dict[str, _Deed] = {
    "GET ": _read,
    "DELETE ": _delete,
    "PATCH ": Shop.patch,
    "POST items": Shop.add,
    "PATCH items": Shop.change,
    "POST payment-instruments": Shop.pay,
    "DELETE payment-instruments": _take_payment_out,
    "PUT customer": _name_customer,
    f"PUT {_SHIPMENT}address": _send_to,
    f"PUT {_SHIPMENT}method": _send_by,
}
