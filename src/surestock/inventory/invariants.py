"""What must hold of every level, checked when deciding and again when replaying."""

from surestock.inventory.model import MAX_QUANTITY, Level
from surestock.kit.errors import SurestockError


class InvariantViolation(SurestockError):
    """State that must not exist was about to be made. This is a defect or a damaged log."""


def check_level(level: Level) -> None:
    """Raise :class:`InvariantViolation` unless 0 <= reserved <= on-hand <= the largest quantity."""
    if not 0 <= level.reserved <= level.on_hand <= MAX_QUANTITY or level.version < 1:
        msg = f"impossible level of {level.sku!r} in {level.store_id!r}: {level}"
        raise InvariantViolation(msg)
