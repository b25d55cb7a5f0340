"""Count and adjust: the commands that change what is physically there."""

from surestock.inventory.commands import (
    AdjustStock,
    CountStock,
    ExpireReservations,
    stock_key,
)
from surestock.inventory.deciding.draft import Draft
from surestock.inventory.events import StockAdjusted, StockCounted
from surestock.inventory.model import MAX_QUANTITY
from surestock.inventory.refusals import (
    CountBelowReserved,
    InsufficientStock,
    NotFound,
    QuantityLimit,
    VersionConflict,
)


def count(draft: Draft, command: CountStock) -> None:
    """Set on-hand to what was counted; open the level when it is new."""
    key = stock_key(command)
    known = draft.view.level(key)
    if known is None:
        if command.must_exist or command.expected_version is not None:
            raise NotFound(f"SKU {command.sku} in store {command.store_id}")
        draft.record(
            StockCounted(
                command.store_id, command.sku, command.on_hand, command.on_hand, command.reason
            )
        )
        return
    if command.must_not_exist:
        raise VersionConflict(None, draft.shown(key))
    level = draft.settled(key, command.expected_version)
    if command.on_hand < level.reserved:
        raise CountBelowReserved(command.on_hand, draft.shown(key))
    delta = command.on_hand - level.on_hand
    draft.record(
        StockCounted(command.store_id, command.sku, command.on_hand, delta, command.reason)
    )


def adjust(draft: Draft, command: AdjustStock) -> None:
    """Change on-hand, as long as available stays at 0 or more."""
    key = stock_key(command)
    level = draft.settled(key, command.expected_version)
    if level.available + command.delta < 0:
        raise InsufficientStock(level.available, -command.delta, draft.shown(key))
    if level.on_hand + command.delta > MAX_QUANTITY:
        raise QuantityLimit(draft.shown(key))
    draft.record(
        StockAdjusted(
            command.store_id, command.sku, command.delta, command.reason, command.reference
        )
    )


def expire(draft: Draft, command: ExpireReservations) -> None:
    """Record what is due on a level, and nothing else."""
    draft.expire_due(stock_key(command))
