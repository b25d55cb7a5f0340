"""Every command that an engine carries out."""

from typing import TypeAlias

from surestock.cart.commands import CartCommand
from surestock.inventory import commands as stock

Command: TypeAlias = stock.Command | CartCommand
