"""How patient a checkout is, with the platform and with its leftovers."""

from msgspec import Struct

from surestock.cart.commands import DEFAULT_STORE_ID


class CheckoutConfig(Struct, frozen=True):
    """Times in seconds.

    A client waits for ``answer_s`` at the most, then it is told where to ask. After an order whose
    outcome is not known, the platform is asked at once, after each of ``first_waits_s``, and from
    then on every ``ask_s``, doubling up to ``ask_most_s``. ``at_once`` checkouts run at the same
    time, so many more may wait for that.

    The reaper comes by every ``reap_s``. It lets go of carts that nobody used for ``idle_s``, of
    failed checkouts after ``failed_s`` and of completed ones after ``completed_s``; a checkout that
    has had no end for ``stuck_s`` it only tells about.

    Where other processes check out, too, each looks for what one of them left behind, with a pause
    of ``look_s`` between two rounds. Where the turn of one of them may be lost, an order may leave
    it for up to ``leaves_s`` after it was sure of its turn for the last time.

    Stocked products for which the cart names no store are taken from ``default_store_id``.
    """

    answer_s: float = 15.0
    first_waits_s: tuple[float, ...] = (0.25, 0.5, 1.0)
    ask_s: float = 5.0
    ask_most_s: float = 60.0
    at_once: int = 256
    reap_s: float = 300.0
    idle_s: float = 24 * 3600.0
    failed_s: float = 3600.0
    completed_s: float = 24 * 3600.0
    stuck_s: float = 300.0
    look_s: float = 5.0
    leaves_s: float = 0.0
    default_store_id: str = DEFAULT_STORE_ID
