"""What each buyer wants, and how he goes about it: drawn from a seed, the same in every run."""

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

from demo.checkout.goods import CASE, CHARGER, MODELS, PLAN

Temper = Literal["calm", "impatient", "fickle", "declined", "insolvent"]
"""``impatient``: clicks several times at once; ``fickle``: changes the cart before he buys;
``declined``: his first card is refused, his second one is not; ``insolvent``: gives up then.
"""

_TEMPERS: tuple[Temper, ...] = ("calm", "impatient", "fickle", "declined", "insolvent")
_SHARES = (50, 25, 15, 5, 5)
MOST_CLICKS = 5


class Wish(NamedTuple):
    """One buyer. ``clicks`` is how many requests to check out he sends at once."""

    user: str
    device: str
    qty: int
    extras: tuple[str, ...]
    temper: Temper
    clicks: int
    one_key: bool

    @property
    def email(self) -> str:
        """Tells the platform who buys: so its orders are told apart without our ids."""
        return f"{self.user}@example.org"


def wishes(carts: int, seed: int) -> Iterator[Wish]:
    """Yield so many buyers. The first models are wanted the most; one buyer in five wants two."""
    draw = Random(seed)
    models = [f"phone-{number:02}" for number in range(1, MODELS + 1)]
    for number in range(carts):
        temper = draw.choices(_TEMPERS, _SHARES)[0]
        clicks = draw.randint(2, MOST_CLICKS)
        yield Wish(
            user=f"buyer-{number:05}",
            device=draw.choices(models, range(2 * MODELS, MODELS, -1))[0],
            qty=2 if draw.random() < 0.2 else 1,
            extras=tuple(sku for sku in (CASE, CHARGER, PLAN) if draw.random() < 0.25),
            temper=temper,
            clicks=clicks if temper == "impatient" else 1,
            one_key=draw.random() < 0.5,
        )
