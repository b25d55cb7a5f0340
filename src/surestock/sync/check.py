"""Whether a change may be folded: the rule that tells a poisoned one from a good one."""

from collections.abc import Callable
from typing import TypeAlias

from surestock.inventory.model import MAX_QUANTITY, Level
from surestock.kit.failpoints import hit
from surestock.sync.errors import FoldError

Check: TypeAlias = Callable[[Level, int | None], None]
"""Raises :class:`FoldError` unless the level may follow; the version it must have, if any."""


def check_change(level: Level, version: int | None) -> None:
    """Raise :class:`FoldError` when the level is impossible or does not have ``version``.

    A record tells levels as it left them, so a version that was left out would not show in the
    quantities later: it is a change that the view has missed. ``version`` is None after a change
    was discarded, when nobody knows which one follows.
    """
    hit("central.apply")
    if not 0 <= level.reserved <= level.on_hand <= MAX_QUANTITY:
        msg = (
            f"on-hand {level.on_hand} and reserved {level.reserved} break "
            f"0 <= reserved <= on-hand <= {MAX_QUANTITY}"
        )
        raise FoldError(msg)
    if level.version != version and (version is not None or level.version < 1):
        msg = f"version {level.version} does not follow: {version or 'at least 1'} was expected"
        raise FoldError(msg)
