"""The fake's shop: baskets and orders as the descriptions tell, with the rules that bite.

A shopper has one open basket. Adding adds to what there is. An order consumes its basket, takes the
custom attributes along, and comes once for each POST that is accepted: two accepted ones are two.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import count
from typing import Any

from tests.commerce.salesforce.fake.wire import Answer, Asked, document, problem

SHIPPING = Decimal("4.99")
_NUMBERS = count(1)


@dataclass
class Product:
    price: Decimal
    stock: int


@dataclass
class Basket:
    owner: str
    currency: str
    custom: dict[str, str] = field(default_factory=dict)
    items: dict[str, tuple[str, int]] = field(default_factory=dict)
    instruments: dict[str, dict[str, Any]] = field(default_factory=dict)
    email: str | None = None
    address: dict[str, str] | None = None
    method: str | None = None
    basket_id: str = field(default_factory=lambda: f"{next(_NUMBERS):026x}")

    def held(self, product_id: str) -> int:
        return sum(qty for sku, qty in self.items.values() if sku == product_id)


@dataclass
class Order:
    owner: str
    custom: dict[str, str]
    total: Decimal
    currency: str
    instruments: list[dict[str, Any]]
    status: str = "new"
    payment_status: str = "not_paid"
    number: str = field(default_factory=lambda: f"{next(_NUMBERS):08d}")

    def shown(self) -> dict[str, Any]:
        return {
            "orderNo": self.number,
            "status": self.status,
            "paymentStatus": self.payment_status,
            "currency": self.currency,
            "orderTotal": self.total,
            "paymentInstruments": self.instruments,
            "customerInfo": {"customerId": self.owner, "email": "ada@example.com"},
            "guest": True,
            **self.custom,
        }


@dataclass
class Shop:
    """What it has, and how the site is set up.

    ``merges``: what is added again comes into the line that is there. ``keeps_custom``: the custom
    attributes are defined. ``status`` and ``authorization`` are what becomes of the next orders.
    """

    products: dict[str, Product]
    baskets: dict[str, Basket] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    shipping: Decimal = SHIPPING
    merges: bool = True
    keeps_custom: bool = True
    status: str = "new"
    authorization: int | None = 0

    def open(self, owner: str, asked: Asked) -> Answer:
        mine = [basket.basket_id for basket in self.baskets.values() if basket.owner == owner]
        if mine:
            return problem(400, "customer-baskets-quota-exceeded", basketIds=", ".join(mine))
        basket = Basket(owner, asked.json.get("currency", "USD"), _custom(asked.json))
        self.baskets[basket.basket_id] = basket
        return self.shown(basket)

    def patch(self, basket: Basket, asked: Asked) -> Answer:
        if self.keeps_custom:
            basket.custom |= _custom(asked.json)
        return self.shown(basket)

    def add(self, basket: Basket, asked: Asked) -> Answer:
        for wanted in asked.json:
            sku, qty = wanted["productId"], wanted["quantity"]
            if sku not in self.products:
                return problem(400, "product-not-found", productId=sku)
            if basket.held(sku) + qty > self.products[sku].stock:
                return problem(400, "product-item-not-available", productId=sku)
            there = [key for key, (of, _) in basket.items.items() if of == sku and self.merges]
            item_id = there[0] if there else f"item-{next(_NUMBERS)}"
            basket.items[item_id] = (sku, qty + basket.items.get(item_id, ("", 0))[1])
        return self.shown(basket)

    def change(self, basket: Basket, asked: Asked) -> Answer:
        after = dict(basket.items)
        for wanted in asked.json:
            if wanted["itemId"] not in after:
                return problem(400, "invalid-product-item-id")
            sku, _ = after[wanted["itemId"]]
            if wanted["quantity"] > self.products[sku].stock:
                return problem(400, "product-item-not-available", productId=sku)
            after[wanted["itemId"]] = (sku, wanted["quantity"])
        basket.items = {key: item for key, item in after.items() if item[1]}
        return self.shown(basket)

    def pay(self, basket: Basket, asked: Asked) -> Answer:
        basket.instruments[f"pay-{next(_NUMBERS)}"] = asked.json
        return self.shown(basket)

    def place(self, owner: str, asked: Asked) -> Answer:
        basket = self.baskets.get(asked.json["basketId"])
        if basket is None or basket.owner != owner:
            return problem(404, "basket-not-found")
        amounts = (Decimal(one["amount"]) for one in basket.instruments.values())
        paid = sum(amounts, Decimal(0))
        ready = basket.email and basket.address and basket.method and basket.items
        if not ready or paid != self.total(basket):
            return problem(400, "invalid-basket")
        if any(_token(one) == "declined" for one in basket.instruments.values()):
            return problem(400, "payment-declined")
        for sku, qty in basket.items.values():
            if qty > self.products[sku].stock:
                return problem(400, "product-item-not-available", productId=sku)
        for sku, qty in basket.items.values():
            self.products[sku].stock -= qty
        order = Order(owner, basket.custom, paid, basket.currency, list(self._authorized(basket)))
        order.status = self.status
        self.orders.append(order)
        del self.baskets[basket.basket_id]
        return document(200, order.shown())

    def listed(self, owner: str, asked: Asked) -> Answer:
        mine = [order.shown() for order in self.orders if order.owner == owner]
        limit, offset = int(asked.query.get("limit", 10)), int(asked.query.get("offset", 0))
        page = mine[offset : offset + limit]
        return document(200, {"limit": limit, "offset": offset, "total": len(mine), "data": page})

    def total(self, basket: Basket) -> Decimal:
        items = basket.items.values()
        goods = sum((self.products[sku].price * qty for sku, qty in items), Decimal(0))
        return goods + self.shipping if basket.method else goods

    def shown(self, basket: Basket) -> Answer:
        whole: dict[str, Any] = {
            "basketId": basket.basket_id,
            "currency": basket.currency,
            "customerInfo": {"customerId": basket.owner, "email": basket.email or ""},
            "productItems": [
                {
                    "itemId": item_id,
                    "productId": sku,
                    "quantity": qty,
                    "basePrice": self.products[sku].price,
                }
                for item_id, (sku, qty) in basket.items.items()
            ],
            "paymentInstruments": [
                {"paymentInstrumentId": key, "paymentMethodId": one["paymentMethodId"]}
                for key, one in basket.instruments.items()
            ],
            **basket.custom,
        }
        if basket.method:
            whole["orderTotal"] = self.total(basket)
        return document(200, whole)

    def _authorized(self, basket: Basket) -> Iterator[dict[str, Any]]:
        for key, one in basket.instruments.items():
            shown: dict[str, Any] = {
                "paymentInstrumentId": key,
                "paymentMethodId": one["paymentMethodId"],
                "amount": one["amount"],
            }
            if self.authorization is not None:
                shown["authorizationStatus"] = {"status": self.authorization}
            yield shown


def _custom(document: dict[str, Any]) -> dict[str, str]:
    return {name: value for name, value in document.items() if name.startswith("c_")}


def _token(instrument: dict[str, Any]) -> object:
    return instrument.get("paymentCard", {}).get("creditCardToken")
