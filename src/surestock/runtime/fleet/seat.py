"""Which one of several API processes this is."""

from msgspec import Struct


class Seat(Struct, frozen=True):
    """``slot`` is 0 to ``slots`` − 1. Whoever takes the place of a dead process has its slot.

    ``port`` is the one that all of them serve on; 0 where it is not known yet.
    """

    slot: int
    slots: int
    port: int = 0
