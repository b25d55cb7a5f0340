"""Vendure (https://docs.vendure.io), version 3.7 or newer: a cart is an active order of a session.

The shop needs an order custom field of type ``string`` that the Shop API may set (by default
``externalKey``), bearer tokens, and guest checkouts. It refuses a guest whose email address has an
account, unless its guest checkout strategy says otherwise.

The attempt id is put into the field before anything is paid, so that the Admin API finds the order
again. Vendure itself knows no idempotency: each payment that is added settles.
"""

from surestock.commerce.platform import Platform
from surestock.commerce.providers.vendure.config import VendureConfig
from surestock.commerce.providers.vendure.provider import VendureProvider

__all__ = ["PLATFORM"]

PLATFORM = Platform(config=VendureConfig, make=VendureProvider)
