"""What a basket needs before it can be ordered: a name, a buyer, a way to go, and a payment.

Each step sets something to a value, so that all of them may be repeated; the payment comes last,
since its amount is what the others make of the total.
"""

from decimal import Decimal
from urllib.parse import quote

from msgspec import Raw

from surestock.commerce.errors import Conflict
from surestock.commerce.money import to_major
from surestock.commerce.port import Address, Customer, OrderRequest, Payment, RemoteCart
from surestock.commerce.providers.salesforce.baskets import shown
from surestock.commerce.providers.salesforce.shapes import Basket, find_text
from surestock.commerce.providers.salesforce.visit import Visit


async def prepare(visit: Visit, request: OrderRequest) -> RemoteCart:
    """Set all that an order of this basket needs.

    Raises ``Conflict`` when something is named neither by the request nor by the configuration.
    """
    config = visit.shop.config
    customer = request.customer or config.customer
    address = request.address or config.address
    if customer is None or address is None:
        raise Conflict("An order needs a customer and an address.")
    await _name(visit, request)
    shipment = f"/shipments/{config.shipment_id}"
    await visit.change("PUT", "/customer", {"email": customer.email})
    await visit.change(
        "PUT",
        f"{shipment}/shipping-address",
        _address(customer, address),
        query={"useAsBilling": "true"},
    )
    basket = await visit.change(
        "PUT", f"{shipment}/shipping-method", {"id": config.shipping_method}
    )
    return shown(await _pay(visit, basket, request), visit)


async def _name(visit: Visit, request: OrderRequest) -> None:
    """Let the basket carry the attempt's id, by which alone its order is found again.

    An instance that does not keep it is one where a lost answer could never be cleared up.
    """
    attribute = visit.shop.config.attempt_attribute
    reply = await visit.send("PATCH", visit.basket, {attribute: request.attempt_id})
    basket = visit.basket_in(reply)
    if find_text(reply.body, attribute) != request.attempt_id:
        raise Conflict(f"The commerce platform does not keep {attribute} on a basket.")
    if basket.currency != request.currency:
        raise Conflict("The commerce platform's cart is in another currency.")


async def _pay(visit: Visit, basket: Basket, request: OrderRequest) -> Basket:
    """Let one payment of the whole total be the only one."""
    payment = request.payment or Payment()
    for old in basket.payment_instruments:
        name = quote(old.payment_instrument_id, safe="")
        basket = await visit.change("DELETE", f"/payment-instruments/{name}")
    total = shown(basket, visit).total
    if total is None:
        raise Conflict("The commerce platform knows no total for this cart.")
    if total == 0:
        return basket
    config = visit.shop.config
    method = payment.method or config.payment_method
    if method is None:
        raise Conflict("An order needs a payment method.")
    wanted: dict[str, object] = {
        "paymentMethodId": method,
        "amount": _number(to_major(total, request.currency)),
    }
    if payment.token is not None and config.token_attribute is not None:
        wanted[config.token_attribute] = payment.token
    elif payment.token is not None:
        wanted["paymentCard"] = {"creditCardToken": payment.token}
    return await visit.change("POST", "/payment-instruments", wanted)


def _address(customer: Customer, address: Address) -> dict[str, str]:
    wanted = {
        "firstName": customer.first_name,
        "lastName": customer.last_name,
        "address1": address.line1,
        "address2": address.line2,
        "city": address.city,
        "postalCode": address.postal_code,
        "stateCode": address.region,
        "countryCode": address.country,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _number(amount: Decimal) -> Raw:
    """Return an amount as a JSON number; as a Decimal it would be sent as a text."""
    return Raw(f"{amount:f}".encode())
