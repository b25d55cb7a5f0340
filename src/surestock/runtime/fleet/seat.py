"""Which one of several API processes this is."""

from msgspec import Struct


class Seat(Struct, frozen=True):
    """``slot`` is 0 to ``slots`` − 1. Whoever takes the place of a dead process has its slot."""

    slot: int
    slots: int
