"""Medusa 2, through its Store API.

https://docs.medusajs.com/api/store

A cart there is named by its id, and so is the order it becomes: completing a cart twice gives the
same order. What Medusa answers is less than it seems, though: 200 may be a declined payment, a cart
that says when it was completed may have no order, and an order may have no payment.
"""

from surestock.commerce.platform import Platform
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.provider import MedusaProvider

PLATFORM = Platform(config=MedusaConfig, make=MedusaProvider)
