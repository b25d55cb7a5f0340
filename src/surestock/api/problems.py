"""The mapping from errors to problems (RFC 9457): one table, and what each error adds.

A test asserts that every error class that can reach a client has its row.
"""

from typing import Any
from urllib.parse import quote

from msgspec import Struct

from surestock.api import errors as api
from surestock.api.answer import PROBLEM, REPLAYED, Answer, encode
from surestock.api.problem_members import members_of
from surestock.cart import refusals as crt
from surestock.checkout.errors import CheckoutFailed, CheckoutResolved, ProviderUnavailable
from surestock.idempotency import IdempotencyConflict, IdempotencyInFlight
from surestock.inventory import refusals as ref
from surestock.inventory import unavailable as un
from surestock.kit.errors import Refusal, SurestockError, Unavailable
from surestock.mirror.errors import QueueFull, SyncFailed


class Kind(Struct, frozen=True):
    """How an error shows: HTTP status, stable code, title."""

    status: int
    code: str
    title: str


_NOT_NOW = 503
# What an identifier may be made of, and what keys are put together with.
_PLAIN_IN_KEYS = "/:"
_INSUFFICIENT = Kind(409, "InsufficientStock", "Not enough stock")
_NOT_FOUND = Kind(404, "NotFound", "Not found")
_CONFLICT = Kind(409, "VersionConflict", "Another version is current")
_PRICE_CHANGED = Kind(409, "PriceChanged", "Prices changed")
_PROVIDER_ERROR = Kind(502, "ProviderError", "The commerce platform failed")
_PROVIDER_DOWN = Kind(503, "ProviderUnavailable", "The commerce platform is not reached")

KINDS: dict[type[SurestockError], Kind] = {
    api.ValidationFailed: Kind(400, "ValidationError", "The request is malformed"),
    api.Unauthorized: Kind(401, "Unauthorized", "Not authenticated"),
    api.Forbidden: Kind(403, "Forbidden", "Not allowed"),
    api.RouteNotFound: _NOT_FOUND,
    api.MethodNotAllowed: Kind(405, "MethodNotAllowed", "Method not allowed"),
    api.NotAcceptable: Kind(406, "NotAcceptable", "Not acceptable"),
    api.RequestTimeout: Kind(408, "RequestTimeout", "The request took too long"),
    api.BodyTooLarge: Kind(413, "BodyTooLarge", "Body too large"),
    api.UnsupportedMediaType: Kind(415, "UnsupportedMediaType", "Unsupported media type"),
    api.RateLimited: Kind(429, "RateLimited", "Too many requests"),
    api.HeadersTooLarge: Kind(431, "HeadersTooLarge", "Headers too large"),
    api.ClientGone: Kind(499, "ClientGone", "The client hung up"),
    api.InternalError: Kind(500, "InternalError", "Internal error"),
    api.WeakTag: _CONFLICT,
    api.WeakCartTag: _CONFLICT,
    api.WeakProductTag: _CONFLICT,
    ref.NotFound: _NOT_FOUND,
    ref.VersionConflict: _CONFLICT,
    ref.InsufficientStock: _INSUFFICIENT,
    ref.CountBelowReserved: _INSUFFICIENT,
    ref.LinesNotReserved: _INSUFFICIENT,
    ref.QuantityLimit: Kind(409, "QuantityLimit", "Quantity limit"),
    ref.ReservationResolved: Kind(409, "ReservationResolved", "The reservation has had its end"),
    ref.ReservationHeld: Kind(409, "ReservationHeld", "A checkout holds the reservation"),
    ref.RecordsDeleted: Kind(410, "RecordsDeleted", "The records were deleted"),
    crt.CartConflict: _CONFLICT,
    crt.ProductConflict: _CONFLICT,
    crt.CurrencyConflict: Kind(409, "CurrencyConflict", "The cart is in another currency"),
    crt.StoreConflict: Kind(409, "StoreConflict", "The cart takes it from another store"),
    crt.CartFull: Kind(409, "CartFull", "The cart is full"),
    crt.CartEmpty: Kind(409, "CartEmpty", "The cart is empty"),
    crt.PriceChanged: _PRICE_CHANGED,
    crt.CheckoutInProgress: Kind(409, "CheckoutInProgress", "The cart is being checked out"),
    crt.Superseded: Kind(409, "Superseded", "Not current any more"),
    CheckoutResolved: Kind(409, "CheckoutResolved", "The checkout has had its end"),
    ProviderUnavailable: _PROVIDER_DOWN,
    QueueFull: Kind(503, "Overloaded", "Overloaded"),
    IdempotencyConflict: Kind(409, "IdempotencyConflict", "The key was used for another payload"),
    IdempotencyInFlight: Kind(409, "IdempotencyInFlight", "The first request is still running"),
    un.Unreadable: Kind(503, "Unreadable", "Not readable now"),
    un.Overloaded: Kind(503, "Overloaded", "Overloaded"),
    un.ReadOnly: Kind(503, "ReadOnly", "Read-only"),
    un.CircuitOpen: Kind(503, "CircuitOpen", "Left alone for a while"),
    un.LockHeld: Kind(_NOT_NOW, "LockHeld", "Another process is changing it"),
    un.LockLost: Kind(503, "LockLost", "Another process took the lease over"),
    un.CentralBehind: Kind(503, "CentralBehind", "The central view is behind"),
    un.DatabaseUnavailable: Kind(503, "DatabaseUnavailable", "The database does not answer"),
    un.TurnLost: Kind(503, "DatabaseUnavailable", "The database does not answer"),
    un.OutcomeUnknown: Kind(503, "OutcomeUnknown", "The outcome is not known"),
    un.ShuttingDown: Kind(503, "ShuttingDown", "Shutting down"),
}

_LINES_REFUSED = {
    kind.code: Kind(kind.status, kind.code, "Some lines cannot be reserved")
    for kind in (_NOT_FOUND, _CONFLICT, _INSUFFICIENT)
}

CHECKOUT_FAILURES = {
    kind.code: kind
    for kind in (
        Kind(402, "PaymentDeclined", "The payment was declined"),
        _INSUFFICIENT,
        _PRICE_CHANGED,
        Kind(409, "ItemNotSold", "The commerce platform does not sell it"),
        Kind(409, "ProviderConflict", "The commerce platform refused it"),
        _PROVIDER_ERROR,
        _PROVIDER_DOWN,
    )
}
"""A checkout that failed, by the code that is on record."""


def kind_of(error: SurestockError) -> Kind:
    """Return how ``error`` shows.

    Several refused lines show as the one that comes first: existence, then version, then stock.
    """
    if isinstance(error, ref.LinesRefused):
        causes = {kind_of(fault.cause).code for fault in error.faults}
        return next(kind for code, kind in _LINES_REFUSED.items() if code in causes)
    if isinstance(error, CheckoutFailed):
        return CHECKOUT_FAILURES[error.failure.code]
    if isinstance(error, SyncFailed):
        return _PROVIDER_DOWN if error.is_unreachable else _PROVIDER_ERROR
    return KINDS[type(error)]


def code_of(error: SurestockError) -> str:
    """Return the stable code of ``error``."""
    return kind_of(error).code


def is_known(error: SurestockError) -> bool:
    """Tell whether ``error`` is meant for clients."""
    if isinstance(error, CheckoutFailed):
        return error.failure.code in CHECKOUT_FAILURES
    return isinstance(error, ref.LinesRefused | SyncFailed) or type(error) in KINDS


def problem_of(error: SurestockError, lock_status: int = _NOT_NOW) -> dict[str, Any]:
    """Return the members that do not depend on the request: the whole problem of a batch's row.

    ``lock_status`` is the status of ``LockHeld``, which whoever runs the service may choose.
    """
    kind = kind_of(error)
    message = str(error)
    return {
        "type": f"urn:surestock:problem:{kind.code}",
        "title": kind.title,
        "status": lock_status if isinstance(error, un.LockHeld) else kind.status,
        "detail": message,
        "error": kind.code,
        "message": message,
        **members_of(error, code_of),
    }


def problem_answer(
    error: SurestockError, instance: str, request_id: str, lock_status: int = _NOT_NOW
) -> Answer:
    """Answer with the problem; a remembered refusal names the request that it refused first.

    ``lock_status`` is as for :func:`problem_of`.
    """
    if isinstance(error, Refusal) and error.request_id is not None:
        request_id = error.request_id
    problem = problem_of(error, lock_status)
    problem["instance"] = instance
    problem["requestId"] = request_id
    headers = [PROBLEM]
    if isinstance(error, CheckoutFailed) and error.replayed:
        headers.append(REPLAYED)
    if isinstance(error, Unavailable | api.RateLimited):
        headers.append((b"retry-after", b"%d" % max(1, error.retry_after_s)))
    elif problem["status"] == _NOT_NOW:
        headers.append((b"retry-after", b"%d" % max(1, problem.get("retryAfter", 1))))
    if isinstance(error, un.LockHeld | un.LockLost):
        key = quote(error.key, safe=_PLAIN_IN_KEYS)
        headers.append((b"x-lock-key", key.encode("ascii")))
    if isinstance(error, api.MethodNotAllowed):
        headers.append((b"allow", error.allow.encode()))
    if isinstance(error, api.Unauthorized):
        headers.append((b"www-authenticate", b'Bearer realm="surestock"'))
    return Answer(problem["status"], encode(problem), headers)
