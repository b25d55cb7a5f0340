"""Named places where a test can make the disk fail.

A failpoint stands at each step whose failure or interruption matters (every write, fsync and
rename). Nothing in the product arms one: only code that runs in the process, as a test does, can.
"""

from collections.abc import Callable

_armed: dict[str, Callable[[], None]] = {}


def hit(name: str) -> None:
    """Run the action armed at ``name``, if any; it may raise in place of the step that follows."""
    if _armed:
        action = _armed.get(name)
        if action is not None:
            action()


def arm(name: str, action: Callable[[], None]) -> None:
    """Let ``action`` run at each later :func:`hit` of ``name``."""
    _armed[name] = action


def disarm_all() -> None:
    """Forget every armed action."""
    _armed.clear()
