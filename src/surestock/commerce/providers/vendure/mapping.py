"""Between the port's values and Vendure's: carts and orders come in, people and places go out."""

from typing import Literal, TypeAlias

from surestock.cart.model import ExternalContext
from surestock.commerce.port import (
    Address,
    Customer,
    OrderState,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
)
from surestock.commerce.providers.vendure.answer import ActiveOrder, AnyOrder, Line

Prices: TypeAlias = Literal["net", "gross"]


def remote_cart(context: ExternalContext, order: ActiveOrder, prices: Prices) -> RemoteCart:
    """Return the order as a cart, with the lines of one SKU summed."""
    lines: dict[str, RemoteLine] = {}
    for line in order.lines:
        sku = line.product_variant.sku
        first = lines.get(sku, RemoteLine(line.id, sku, 0))
        price = _unit_price(line, prices)
        lines[sku] = RemoteLine(first.line_id, sku, first.qty + line.quantity, price)
    return RemoteCart(context, tuple(lines.values()), order.currency_code, order.total_with_tax)


def subtotal(order: ActiveOrder, prices: Prices) -> int:
    """Return what the order's items come to, in the prices of our catalog."""
    return sum(_unit_price(line, prices) * line.quantity for line in order.lines)


def placed_order(order: AnyOrder, state: OrderState) -> PlacedOrder:
    """Return the order, with its total after tax and shipping."""
    return PlacedOrder(order.id, order.code, state, order.total_with_tax, order.currency_code)


def customer_input(customer: Customer) -> dict[str, str]:
    """Return a ``CreateCustomerInput``."""
    return {
        "emailAddress": customer.email,
        "firstName": customer.first_name,
        "lastName": customer.last_name,
    }


def address_input(customer: Customer, address: Address) -> dict[str, str]:
    """Return a ``CreateAddressInput``."""
    told = {
        "fullName": f"{customer.first_name} {customer.last_name}",
        "streetLine1": address.line1,
        "streetLine2": address.line2,
        "city": address.city,
        "province": address.region,
        "postalCode": address.postal_code,
        "countryCode": address.country,
    }
    return {name: value for name, value in told.items() if value is not None}


def _unit_price(line: Line, prices: Prices) -> int:
    return line.unit_price if prices == "net" else line.unit_price_with_tax
