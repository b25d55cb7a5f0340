"""Which platform to sell through: the real one where there is what it needs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final

from demo.checkout.goods import Product
from demo.checkout.platform.port import Platform
from demo.checkout.platform.simulated import Simulated
from demo.checkout.platform.vendure import vendure
from tests.real.absent import Absent

AUTO: Final = "auto"
NAMES: Final = (AUTO, "vendure", "simulated")


@contextmanager
def platform(
    name: str, goods: Sequence[Product], seed: int, say: Callable[[str], None]
) -> Iterator[Platform]:
    """Give the platform of this name. Raises ``Absent`` when it was asked for and cannot run."""
    with ExitStack() as stack:
        chosen: Platform = Simulated(seed)
        if name != Simulated.name:
            say("Starting Vendure on a PostgreSQL of its own ...")
            try:
                chosen = stack.enter_context(vendure(goods, seed))
            except Absent as absent:
                if name != AUTO:
                    raise
                say(f"Vendure cannot run here ({absent}), so the platform is simulated.")
        yield chosen
