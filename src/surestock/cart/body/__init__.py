"""The JSON of the catalog, a cart and a checkout: what clients see, in reads and in answers.

No body holds a context: its secrets open the platform's cart. What of it is told stands by itself.
"""

from surestock.cart.body.cart import CartBody, cart_body
from surestock.cart.body.checkout import CheckoutBody, checkout_body
from surestock.cart.body.product import ProductBody, product_body

__all__ = [
    "CartBody",
    "CheckoutBody",
    "ProductBody",
    "cart_body",
    "checkout_body",
    "product_body",
]
