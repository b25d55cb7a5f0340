"""How eagerly the platform's carts follow ours."""

from msgspec import Struct

from surestock.cart.commands import DEFAULT_STORE_ID


class MirrorConfig(Struct, frozen=True):
    """Times and bounds of the background work.

    ``delay_s`` after a change the platform is told, so that a burst of changes is one sync.
    ``at_once`` syncs run at the same time. A sync that failed is tried again after ``heal_s``, then
    after twice that, up to ``heal_most_s``. A platform's cart that was not heard of for
    ``validate_after_s`` is read before it is believed in. Who asks for a sync waits ``sync_s`` at
    the most; what is left then is done in the background.

    Where other processes share the carts, each looks for what one of them left behind, with a pause
    of ``look_s`` between two rounds: carts that changed ``left_s`` ago and are not synced. A look
    that is ``tell_looks_s`` later than what is on record is told to the others, with a sync.

    The rest bounds memory: carts of the platform that are remembered, users whose last look is, and
    carts of the platform that wait to be let go of.
    """

    delay_s: float = 1.0
    at_once: int = 16
    heal_s: float = 5.0
    heal_most_s: float = 300.0
    validate_after_s: float = 900.0
    sync_s: float = 15.0
    look_s: float = 5.0
    left_s: float = 15.0
    tell_looks_s: float = 3600.0
    most_known: int = 10_000
    most_seen: int = 100_000
    most_closing: int = 1_000
    default_store_id: str = DEFAULT_STORE_ID
