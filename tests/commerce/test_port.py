"""What the port's values tell of themselves when they end up in a message."""

from surestock.checkout.ask import CheckoutAsk
from surestock.commerce.port import OrderRequest, Payment


def test_what_pays_is_shown_by_nothing_that_holds_it() -> None:
    payment = Payment("card", "tok-1")
    request = OrderRequest("attempt-1", "EUR", 100, payment=payment)
    for holder in (payment, request, CheckoutAsk("ann", "shop", "r-1", payment=payment)):
        assert "card" in repr(holder)
        assert "tok-1" not in repr(holder)
