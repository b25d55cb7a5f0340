"""What Medusa wants to know before it makes an order of a cart: who, where to, and paid how."""

from decimal import Decimal

from surestock.commerce.errors import Conflict
from surestock.commerce.port import Address, Customer, OrderRequest, Payment
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.order import ATTEMPT
from surestock.commerce.providers.medusa.shapes import (
    Cart,
    CollectionAnswer,
    ShippingOption,
    ShippingOptions,
)
from surestock.commerce.providers.medusa.store import Store, cart_path

_DEAREST = Decimal("Infinity")


class Preparation:
    """Prepares carts. Every step sets a value, so that all of them may be repeated."""

    def __init__(self, store: Store, config: MedusaConfig) -> None:
        self._store = store
        self._config = config

    async def prepare(self, cart_id: str, request: OrderRequest) -> Cart:
        """Set the buyer, the way, the payment, and the attempt that this is for."""
        customer = request.customer or self._config.customer
        address = request.address or self._config.address
        if customer is None or address is None:
            raise Conflict("An order needs a customer and an address.")
        there = _address(customer, address)
        body = {
            "email": customer.email,
            "shipping_address": there,
            "billing_address": there,
            "metadata": {ATTEMPT: request.attempt_id},
        }
        cart = await self._store.change_cart(cart_path(cart_id), body)
        cart = await self._choose_shipping(cart)
        if cart.total > 0:
            await self._begin_payment(cart, request.payment or Payment())
        return cart

    async def _choose_shipping(self, cart: Cart) -> Cart:
        if not any(item.requires_shipping for item in cart.items):
            return cart
        option = self._config.shipping_option or await self._cheapest_option(cart)
        if [method.shipping_option_id for method in cart.shipping_methods] == [option]:
            return cart
        path = f"{cart_path(cart.id)}/shipping-methods"
        return await self._store.change_cart(path, {"option_id": option})

    async def _cheapest_option(self, cart: Cart) -> str:
        query = {"cart_id": cart.id}
        answer = await self._store.get("/shipping-options", query, ShippingOptions)
        if not answer.shipping_options:
            raise Conflict("The commerce platform does not send to this address.")
        return min(answer.shipping_options, key=_price).id

    async def _begin_payment(self, cart: Cart, payment: Payment) -> None:
        """Open a payment session; one that was open is replaced."""
        body = {"cart_id": cart.id}
        path = "/payment-collections"
        made = await self._store.post(path, body, CollectionAnswer, "id,status")
        session = {
            "provider_id": payment.method or self._config.payment_provider,
            "data": {} if payment.token is None else {"token": payment.token},
        }
        path = f"{path}/{made.payment_collection.id}/payment-sessions"
        await self._store.post(path, session, CollectionAnswer, "id,status")


def _price(option: ShippingOption) -> tuple[Decimal, str]:
    price = option.calculated_price
    amount = None if price is None else price.calculated_amount
    return (_DEAREST if amount is None else amount, option.id)


def _address(customer: Customer, address: Address) -> dict[str, str]:
    parts = {
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "address_1": address.line1,
        "address_2": address.line2,
        "city": address.city,
        "postal_code": address.postal_code,
        "province": address.region,
        "country_code": address.country.lower(),
    }
    return {name: part for name, part in parts.items() if part is not None}
