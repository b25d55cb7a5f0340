"""How much a platform may cost: times, tries, and calls at once."""

from msgspec import Struct

from surestock.resilience.breaker import BreakerConfig


class GuardConfig(Struct, frozen=True):
    """Orders have ``order_places`` of their own, which nothing else can take.

    Of the others, ``places`` are in at once. Nobody waits for a place for longer than
    ``longest_wait_s``. A platform that asks for a pause of more than ``longest_pause_s`` is not
    tried again here, but by whoever called.
    """

    call_s: float = 5.0
    place_order_s: float = 10.0
    retries: int = 2
    retry_base_s: float = 0.1
    longest_pause_s: float = 2.0
    places: int = 16
    order_places: int = 8
    most_waiting: int = 64
    longest_wait_s: float = 5.0
    breaker: BreakerConfig = BreakerConfig()
