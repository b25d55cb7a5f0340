"""Salesforce B2C Commerce by its Commerce API (SCAPI): SLAS, Shopper Baskets v2, Shopper Orders.

Every cart is bought by a guest of its own, since the platform allows a shopper one open basket.
https://developer.salesforce.com/docs/commerce/commerce-api
"""

from surestock.commerce.platform import Platform
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.provider import make

PLATFORM = Platform(config=SalesforceConfig, make=make)
