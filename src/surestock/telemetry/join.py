"""The numbers of several processes as if they were those of one.

What is counted is added up, over processes that ended as well. A level (how many wait, how far
behind) is that of the processes that live: the table says of each what it is for all of them.
"""

import operator
from collections.abc import Callable, Iterable
from typing import Final, TypeAlias

from surestock.telemetry.metrics import BREAKER_STATES
from surestock.telemetry.share import Family, Labels

Join: TypeAlias = Callable[[float, float], float]
_Values: TypeAlias = dict[tuple[str, Labels], float]

_BREAKER_STATE = "surestock_breaker_state"
_WORST_FIRST = ("open", "half_open", "closed")
assert set(_WORST_FIRST) == set(BREAKER_STATES)

LEVELS: Final[dict[str, Join]] = {
    "surestock_queue_depth": operator.add,
    "surestock_connections": operator.add,
    "surestock_event_readers": operator.add,
    "surestock_cart_syncs_pending": operator.add,
    "surestock_checkouts_open": operator.add,
    "surestock_ready": min,
    "surestock_worker_up": min,
    _BREAKER_STATE: max,
    "surestock_access_keys_stale": max,
    "surestock_recovery_seconds": max,
    "surestock_build_info": max,
    # All of them look at the same stock, and hear of the same worker.
    "surestock_checkouts_stuck": max,
    "surestock_sync_applied_sequence": max,
    "surestock_sync_lag_events": max,
    "surestock_sync_lag_seconds": max,
    "surestock_dead_letters": max,
    "surestock_snapshots": max,
    "process_virtual_memory_bytes": operator.add,
    "process_resident_memory_bytes": operator.add,
    # The one that runs out first is the one to know of.
    "process_open_fds": max,
    "process_max_fds": min,
    # Of the last one: so a restart of any is a change.
    "process_start_time_seconds": max,
    "python_info": max,
}
"""How two processes' values are joined, of what is no sum over the dead: by the family's name."""


def is_level(family: Family) -> bool:
    """Tell whether only those that live count in ``family``."""
    return family.kind == "gauge" or family.name in LEVELS


def joined(processes: Iterable[Iterable[Family]]) -> list[Family]:
    """Return the families of all ``processes`` together, in the order in which they first come.

    The order of the processes is to be the same each time: sums of floats differ in their last
    digit by the order, and a counter must not go down by that either.
    """
    families: dict[str, Family] = {}
    values: dict[str, _Values] = {}
    for process in processes:
        for family in process:
            families.setdefault(family.name, family)
            found = values.setdefault(family.name, {})
            join: Join = LEVELS.get(family.name, operator.add)
            for name, labels, value in family.samples:
                key = (name, labels)
                found[key] = join(found[key], value) if key in found else value
    if _BREAKER_STATE in values:
        _keep_the_worst(values[_BREAKER_STATE])
    return [
        Family(
            name,
            family.kind,
            family.told,
            [(sample, labels, value) for (sample, labels), value in values[name].items()],
        )
        for name, family in families.items()
    ]


def _keep_the_worst(states: _Values) -> None:
    """Leave each breaker in one state: the worst of those that it is in somewhere."""
    for breaker in {dict(labels)["breaker"] for _, labels in states}:
        worse = 0.0
        for state in _WORST_FIRST:
            key = (_BREAKER_STATE, (("breaker", breaker), ("state", state)))
            states[key] = 0.0 if worse else states[key]
            worse = worse or states[key]
