"""Every kind of document that a snapshot can hold."""

from typing import TypeAlias

from surestock.cart.model import Cart, Checkout, Product

AnyDocument: TypeAlias = Product | Cart | Checkout
