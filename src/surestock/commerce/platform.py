"""What a platform brings along to be chosen by name: its settings, and how its provider is made."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from surestock.commerce.port import CommerceProvider
from surestock.kit.clock import Clock


class Platform(Struct, frozen=True):
    """The object that an entry point of the group ``surestock.commerce`` names.

    ``config`` is a frozen ``msgspec`` struct that forbids unknown fields: the form of the JSON file
    that ``COMMERCE_CONFIG_FILE`` names. ``make`` is called once, inside the running event loop,
    with a value of it; it connects to nothing.
    """

    config: type[Struct]
    make: Callable[[Any, Clock], CommerceProvider]
