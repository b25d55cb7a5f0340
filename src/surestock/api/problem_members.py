"""What each kind of error adds to its problem, so that a client needs no second request."""

from collections.abc import Callable
from typing import Any, TypeAlias

from surestock.api import errors as api
from surestock.api.cart_members import CART_MEMBERS
from surestock.api.checkout_answer import status_url
from surestock.inventory import refusals as ref
from surestock.inventory import unavailable as un
from surestock.inventory.reply import reservation_body, stock_body
from surestock.kit.errors import SurestockError

Members: TypeAlias = dict[str, Any]
CodeOf: TypeAlias = Callable[[SurestockError], str]


def members_of(error: SurestockError, code_of: CodeOf) -> Members:
    """Return the members that ``error`` adds, by the names of the contract.

    ``code_of`` tells the stable code of the cause of a refused line.
    """
    if isinstance(error, ref.LinesRefused):
        return {"lines": [_line(fault, code_of) for fault in error.faults]}
    for kind, show in _SHOW:
        if isinstance(error, kind):
            return show(error)
    return {}


def _line(fault: ref.LineFault, code_of: CodeOf) -> Members:
    extra = members_of(fault.cause, code_of)
    extra.pop("current", None)
    return {
        "storeId": fault.line.store_id,
        "sku": fault.line.sku,
        "error": code_of(fault.cause),
        "message": str(fault.cause),
        **extra,
    }


def _faults(error: api.ValidationFailed) -> Members:
    return {"errors": error.faults}


def _conflict(error: ref.VersionConflict) -> Members:
    return {
        "currentVersion": error.current.version,
        "expectedVersion": error.expected_version,
        "current": stock_body(error.current),
    }


def _insufficient(error: ref.InsufficientStock) -> Members:
    return {
        "available": error.available,
        "requested": error.requested,
        "currentVersion": error.current.version,
        "current": stock_body(error.current),
    }


def _limit(error: ref.QuantityLimit) -> Members:
    return {"currentVersion": error.current.version, "current": stock_body(error.current)}


def _not_reserved(error: ref.LinesNotReserved) -> Members:
    return {"available": error.available, "requested": error.line.qty}


def _resolved(error: ref.ReservationResolved) -> Members:
    held = error.reservation
    return {"reservationStatus": held.status, "reservation": reservation_body(held)}


def _held(error: ref.ReservationHeld) -> Members:
    held = error.reservation
    return {
        "reservationStatus": held.status,
        "reservation": reservation_body(held),
        "statusUrl": status_url(str(held.held_for)),
    }


def _forbidden(error: api.Forbidden) -> Members:
    return {} if error.scope is None else {"scope": error.scope}


def _lease(error: un.LockHeld | un.LockLost) -> Members:
    return {"key": error.key}


def _deleted(error: ref.RecordsDeleted) -> Members:
    return {"after": error.first - 1}


_SHOW: tuple[tuple[type[SurestockError], Callable[[Any], Members]], ...] = (
    (api.ValidationFailed, _faults),
    (api.Forbidden, _forbidden),
    (ref.VersionConflict, _conflict),
    (ref.InsufficientStock, _insufficient),
    (ref.QuantityLimit, _limit),
    (ref.LinesNotReserved, _not_reserved),
    (ref.ReservationResolved, _resolved),
    (ref.ReservationHeld, _held),
    (ref.RecordsDeleted, _deleted),
    (un.LockHeld, _lease),
    (un.LockLost, _lease),
    *CART_MEMBERS,
)
