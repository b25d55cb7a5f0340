"""Every event that a record can hold."""

from typing import TypeAlias

from surestock.cart.events import CartEvent
from surestock.inventory import events as stock

Event: TypeAlias = stock.Event | CartEvent
