"""Admission, broken: what it sheds comes back at once, or it lets wait for ever."""

import math
from collections.abc import Callable
from typing import Any

from msgspec import structs

from surestock.api import admission
from surestock.resilience.bulkhead import Bulkhead
from surestock.runtime import front


def no_hold() -> None:
    """A refusal is sent at once."""
    _configure(hold_s=0.0)


def unbounded_queue() -> None:
    """As many wait as like, for as long as they like."""
    _wait(lambda _: 1 << 40)


def endless_wait() -> None:
    """Who waits has to wait for its turn, whether there ever is one or not."""
    _wait(lambda most_waiting: most_waiting)


def _wait(most: Callable[[int], int]) -> None:
    def bulkhead(slots: int, most_waiting: int, *_: Any) -> Bulkhead:
        return Bulkhead(slots, most(most_waiting), math.inf)

    vars(admission).update(Bulkhead=bulkhead)
    _configure(longest_wait_s=math.inf)


def _configure(**changed: Any) -> None:
    make = admission.AdmissionConfig

    def config(**fields: Any) -> admission.AdmissionConfig:
        return structs.replace(make(**fields), **changed)

    vars(front).update(AdmissionConfig=config)
