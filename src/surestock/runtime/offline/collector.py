"""Python's garbage collector, kept from walking millions of values again and again.

None of the values of a log is in a cycle, so there is next to nothing for it to find.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_CALM = (50_000, 20, 100)


@contextmanager
def without_collector() -> Iterator[None]:
    """Do without it, while a log is read."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def calm_collector() -> Iterator[None]:
    """Let it look seldom, while commands are carried out: a million of them take half the time."""
    thresholds = gc.get_threshold()
    gc.set_threshold(*_CALM)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
