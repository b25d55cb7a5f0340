"""What a COMMIT suffers on its way to the database, or on its way back.

The blows come from a shuffled deck, so that a short run has all of them, too.
"""

import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Timer
from typing import Literal, TypeAlias

from tests.real.cluster import Cluster
from tests.real.link import Link, Strike
from tests.real.weather import Direction

Blow: TypeAlias = Literal[
    "none",
    "cut before",
    "cut after",
    "cut in the reply",
    "reply lost",
    "late",
    "frozen",
    "frozen inside",
]

DECK: dict[Blow, int] = {
    "none": 28,
    "cut before": 4,
    "cut after": 4,
    "cut in the reply": 4,
    "reply lost": 1,
    "late": 1,
    "frozen": 1,
    "frozen inside": 1,
}
"""How often which blow falls. The last four take seconds: those that a client waits in vain."""

QUICK_DECK: dict[Blow, int] = dict.fromkeys(DECK, 1) | {"none": 6}

FROZEN: dict[Blow, int] = {"none": 1, "frozen inside": 1}

LETS_GO_S = (0.2, 7.0)
_INSIDE_S = 0.002
_COMMITTING = (
    "SELECT FROM pg_stat_activity WHERE pid = {} AND state = 'active' AND query LIKE 'COMMIT%'"
)


@dataclass
class CommitBlows:
    """Asked by a proxy at each COMMIT, which has to take its time. ``struck`` counts the blows.

    ``lets_go_s`` bounds how long it is until what was held back goes on. After ``most`` COMMITs,
    all pass.
    """

    cluster: Cluster
    dice: random.Random
    deck: dict[Blow, int] = field(default_factory=DECK.copy)
    lets_go_s: tuple[float, float] = LETS_GO_S
    most: int = 1_000_000
    struck: Counter[str] = field(default_factory=Counter)
    _cards: list[Blow] = field(default_factory=list)
    _held: list[tuple[float, Callable[[], None]]] = field(default_factory=list)

    def __call__(self, link: Link) -> Strike:
        """Strike; on the proxy's thread."""
        if self.struck.total() >= self.most:
            return Strike.PASSES
        blow = self._draw()
        self.struck[blow] += 1
        match blow:
            case "cut before":
                return Strike.CUT_BEFORE
            case "cut after":
                return Strike.CUT_AFTER
            case "frozen":
                self._freeze(link.backend)
            case "frozen inside":
                Timer(_INSIDE_S, self._freeze_inside, (link.backend,)).start()
            case _:
                self._strike_network(blow, link)
        return Strike.PASSES

    def _draw(self) -> Blow:
        if not self._cards:
            self._cards = [blow for blow, count in self.deck.items() for _ in range(count)]
            self.dice.shuffle(self._cards)
        return self._cards.pop()

    def _strike_network(self, blow: Blow, link: Link) -> None:
        if blow == "cut in the reply":
            link.cut_randomly(1.0, self.dice, Direction.TO_CLIENT)
        elif blow == "reply lost":
            link.black_hole(to_server=False)
            self._hold(link.heal)
        elif blow == "late":
            link.black_hole(to_client=False)
            self._hold(link.heal)

    def _freeze(self, backend: int | None) -> None:
        assert backend is not None
        with suppress(ProcessLookupError, AssertionError):  # it has ended meanwhile
            self.cluster.freeze(backend)
        self._hold(lambda: self.cluster.thaw(backend))

    def _freeze_inside(self, backend: int | None) -> None:
        """Freeze it in its COMMIT. Where this comes too late for that, the card is drawn again."""
        self._freeze(backend)
        if not self.cluster.execute(_COMMITTING.format(backend)):
            self.cluster.thaw(backend)
            self.struck["frozen inside"] -= 1
            self._cards.append("frozen inside")

    def _hold(self, let_go: Callable[[], None]) -> None:
        self._held.append((time.monotonic() + self.dice.uniform(*self.lets_go_s), let_go))

    def let_go(self) -> None:
        """Let go on what was held for long enough."""
        now = time.monotonic()
        for held in [it for it in self._held if it[0] <= now]:
            self._held.remove(held)
            held[1]()
