"""How to pay at a platform: with a card that it takes, and with one that it refuses."""

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

Card: TypeAlias = Mapping[str, str]
"""The ``payment`` of a checkout."""


class Cards(NamedTuple):
    """One of each."""

    good: Card
    bad: Card
