"""An order's way from a cart to a payment: it changes, it waits, it is paid once.

Vendure's states are AddingItems, then ArrangingPayment, and on from there when something is paid.
"""

from typing import Final

from surestock.commerce.errors import BadAnswer, CartExpired, Conflict, OutcomeUnknown
from surestock.commerce.port import OrderRequest, PlacedOrder
from surestock.commerce.providers.vendure import mapping
from surestock.commerce.providers.vendure.answer import ActiveOrder, ShippingQuote
from surestock.commerce.providers.vendure.config import VendureConfig
from surestock.commerce.providers.vendure.shop import ADDING_ITEMS, ARRANGING_PAYMENT, Session

_PAID: Final = frozenset({"PaymentAuthorized", "PaymentSettled"})


async def changeable(session: Session) -> ActiveOrder:
    """Bring the order back into the state in which it may change, and return it.

    Raises ``Conflict`` once a payment is under way: what is paid for must not change.
    """
    order = await session.read()
    if order.has_payment:
        raise Conflict("A payment of the commerce platform's cart is under way.")
    return order if order.state == ADDING_ITEMS else await session.move(ADDING_ITEMS)


async def arrange(session: Session, request: OrderRequest, config: VendureConfig) -> ActiveOrder:
    """Let a changeable order wait for the payment of this attempt, and return it."""
    customer = request.customer or config.customer
    address = request.address or config.address
    if customer is None or address is None:
        raise Conflict("The commerce platform needs a customer and an address.")
    await session.address(
        mapping.customer_input(customer),
        mapping.address_input(customer, address),
        request.attempt_id,
    )
    quotes = await session.shipping_quotes()
    return await session.ship(_cheapest(quotes, config.shipping_method))


async def pay(
    session: Session, order: ActiveOrder, request: OrderRequest, config: VendureConfig
) -> PlacedOrder:
    """Pay the order, once, if it waits for this attempt.

    Between the look at the order and the payment it may change. So an answer that shows that it has
    is no refusal: somebody else may have paid.
    """
    _check(order, request, config)
    if order.has_payment:
        return mapping.placed_order(order, "pending")
    payment = request.payment
    method = None if payment is None else payment.method
    metadata = {"reference": request.attempt_id}
    if payment is not None and payment.token is not None:
        metadata["token"] = payment.token
    try:
        paid = await session.pay(method or config.payment_method, metadata)
    except (BadAnswer, CartExpired) as error:
        raise OutcomeUnknown(str(error)) from error
    return mapping.placed_order(paid, "placed" if paid.state in _PAID else "pending")


def _check(order: ActiveOrder, request: OrderRequest, config: VendureConfig) -> None:
    """Raise ``Conflict`` unless just this may be paid now."""
    if order.state != ARRANGING_PAYMENT or order.custom_fields.attempt != request.attempt_id:
        raise Conflict("The commerce platform's cart is not prepared for this attempt.")
    asked = (request.currency, request.subtotal)
    if (order.currency_code, mapping.subtotal(order, config.prices)) != asked:
        raise Conflict("The commerce platform's cart comes to another sum.")


def _cheapest(quotes: tuple[ShippingQuote, ...], code: str | None) -> ShippingQuote:
    fitting = [quote for quote in quotes if code in {None, quote.code}]
    if not fitting:
        raise Conflict("The commerce platform has no way to ship this order.")
    return min(fitting, key=lambda quote: quote.price_with_tax)
