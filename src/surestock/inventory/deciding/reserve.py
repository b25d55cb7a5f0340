"""Reserve: one line, or all lines or none."""

from datetime import timedelta

from surestock.inventory.commands import (
    ExpectedLine,
    MakeReservation,
    ReserveStock,
    stock_key,
)
from surestock.inventory.deciding.draft import Draft
from surestock.inventory.events import StockReserved
from surestock.inventory.model import Level, Line
from surestock.inventory.refusals import InsufficientStock, LineFault, LinesRefused
from surestock.kit.errors import Refusal


def reserve(draft: Draft, command: ReserveStock) -> None:
    """Reserve units of one SKU."""
    level = draft.settled(stock_key(command), command.expected_version)
    _check_stock(draft, command.qty, level)
    line = Line(level.store_id, level.sku, command.qty)
    _record(draft, (line,), command.ttl_s, command.reference)


def make_reservation(draft: Draft, command: MakeReservation) -> None:
    """Reserve every line, or refuse with each line that fails."""
    _record(draft, _sound(draft, command.lines), command.ttl_s, command.reference)


def reserve_for(draft: Draft, user_id: str, lines: tuple[Line, ...]) -> None:
    """Reserve every line for the checkout of a user, or refuse with each line that fails.

    Each (store, SKU) stands in one line only. The reservation never expires, and no command of a
    client ends it.
    """
    _sound(draft, tuple(ExpectedLine(line) for line in lines))
    draft.record(StockReserved(draft.record_id, lines, reference="checkout", held_for=user_id))


def _sound(draft: Draft, lines: tuple[ExpectedLine, ...]) -> tuple[Line, ...]:
    """Return the lines, of which each can be reserved. Raises :class:`LinesRefused`."""
    faults: list[LineFault] = []
    sound: list[ExpectedLine] = []
    for wanted in lines:
        try:
            draft.expect(wanted.line.key, wanted.expected_version)
        except Refusal as cause:
            faults.append(_fault(wanted.line, cause))
        else:
            sound.append(wanted)
    for wanted in sound:
        draft.expire_due(wanted.line.key)
    for wanted in sound:
        try:
            key = wanted.line.key
            level = draft.levels.get(key) or draft.expect(key, None)
            _check_stock(draft, wanted.line.qty, level)
        except InsufficientStock as cause:
            faults.append(_fault(wanted.line, cause))
    if faults:
        raise LinesRefused(tuple(faults), len(lines))
    return tuple(wanted.line for wanted in lines)


def _fault(line: Line, cause: Refusal) -> LineFault:
    """Keep the refusal without its traceback, whose frames would live as long as it does."""
    return LineFault(line, cause.with_traceback(None))


def _check_stock(draft: Draft, qty: int, level: Level) -> None:
    available = level.on_hand - level.reserved
    if qty > available:
        raise InsufficientStock(available, qty, draft.shown(level.key))


def _record(
    draft: Draft, lines: tuple[Line, ...], ttl_s: int | None, reference: str | None
) -> None:
    expires_at = None if ttl_s is None else draft.at + timedelta(seconds=ttl_s)
    draft.record(StockReserved(draft.record_id, lines, expires_at, reference))
