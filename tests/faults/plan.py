"""Seeded faults at the product's failpoints: errors, delays and short writes.

Each point draws from dice of its own, once for each time that it is passed. So what happens at the
tenth write depends on the seed and on nothing else: not on threads, and not on the other points.
"""

import os
import random
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Literal

from surestock.kit import failpoints

Kind = Literal["error", "delay", "short"]


@dataclass(frozen=True, slots=True)
class Fault:
    """At ``point``, so likely, ``kind`` happens.

    An error is raised with ``errno``; a delay lasts up to ``seconds``; of a short write any number
    of bytes is left, none included.
    """

    point: str
    kind: Kind
    probability: float
    errno: int = 28
    seconds: float = 0.002


@dataclass(slots=True)
class Plan:
    """What fails. ``happened`` counts it, by point and kind; ``is_over`` ends it."""

    seed: int
    faults: tuple[Fault, ...]
    happened: Counter[tuple[str, Kind]] = field(default_factory=Counter)
    is_over: bool = False
    _dice: dict[str, random.Random] = field(default_factory=dict)

    @contextmanager
    def armed(self) -> Iterator[None]:
        """Let the faults happen inside. Raises ``ValueError`` for a point that there is not."""
        try:
            for point in {fault.point for fault in self.faults}:
                failpoints.arm(point, partial(self._pass, point))
                failpoints.arm_cut(point, partial(self._shorten, point))
            yield
        finally:
            failpoints.disarm_all()

    def _pass(self, point: str) -> None:
        for fault in self._drawn(point, "delay"):
            threading.Event().wait(self._dice[f"{point}/delay"].random() * fault.seconds)
        for fault in self._drawn(point, "error"):
            raise OSError(fault.errno, os.strerror(fault.errno))

    def _shorten(self, point: str, data: bytes) -> bytes:
        for _ in self._drawn(point, "short"):
            data = data[: self._dice[f"{point}/short"].randrange(len(data))]
        return data

    def _drawn(self, point: str, kind: Kind) -> Iterable[Fault]:
        dice = self._dice.setdefault(
            f"{point}/{kind}", random.Random(f"{self.seed}/{point}/{kind}")
        )
        for fault in self.faults:
            if (fault.point, fault.kind) == (point, kind):
                hit = dice.random() < fault.probability
                if hit and not self.is_over:
                    self.happened[point, kind] += 1
                    yield fault


@contextmanager
def no_room(*points: str) -> Iterator[None]:
    """Let every write at ``points`` find a full disk, inside."""
    with Plan(0, tuple(Fault(point, "error", 1.0) for point in points)).armed():
        yield
