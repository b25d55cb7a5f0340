"""What each kind of error adds to its problem, so that a client needs no second request."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from surestock.api import errors as api
from surestock.inventory import refusals as ref
from surestock.inventory.reply import reservation_body, stock_body
from surestock.kit.errors import SurestockError

Members: TypeAlias = dict[str, Any]


class HasCode(Protocol):
    """What a line of a problem needs to know of its cause."""

    @property
    def code(self) -> str:
        """The stable code."""
        ...


KindOf: TypeAlias = Callable[[SurestockError], HasCode]


def members_of(error: SurestockError, kind_of: KindOf) -> Members:
    """Return the members that ``error`` adds, by the names of the contract."""
    if isinstance(error, api.ValidationFailed):
        return {"errors": error.faults}
    if isinstance(error, ref.VersionConflict):
        return {
            "currentVersion": error.current.version,
            "expectedVersion": error.expected_version,
            "current": stock_body(error.current),
        }
    if isinstance(error, ref.InsufficientStock):
        return {
            "available": error.available,
            "requested": error.requested,
            "currentVersion": error.current.version,
            "current": stock_body(error.current),
        }
    if isinstance(error, ref.QuantityLimit):
        return {"currentVersion": error.current.version, "current": stock_body(error.current)}
    if isinstance(error, ref.LinesNotReserved):
        return {"available": error.available, "requested": error.line.qty}
    if isinstance(error, ref.LinesRefused):
        return {"lines": [_line(fault, kind_of) for fault in error.faults]}
    if isinstance(error, ref.ReservationResolved):
        return {
            "reservationStatus": error.reservation.status,
            "reservation": reservation_body(error.reservation),
        }
    return {}


def _line(fault: ref.LineFault, kind_of: KindOf) -> Members:
    extra = members_of(fault.cause, kind_of)
    extra.pop("current", None)
    return {
        "storeId": fault.line.store_id,
        "sku": fault.line.sku,
        "error": kind_of(fault.cause).code,
        "message": str(fault.cause),
        **extra,
    }
