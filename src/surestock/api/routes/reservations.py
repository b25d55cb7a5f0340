"""Reservations over any lines and stores: make, read, commit, release, extend."""

from collections.abc import Iterable

from fastapi import APIRouter
from msgspec.structs import replace

from surestock.access.scope import Scope
from surestock.api.access import check_lines, may_read_carts, needs
from surestock.api.answer import Answer, json_answer
from surestock.api.documented import MUTATION_ERRORS, answers, errors
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.mutation import carry_out
from surestock.api.request_headers import Keyed, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.answers import ReservationChange, ReservationShown
from surestock.api.schemas.reservation import (
    CommitBody,
    ExtendBody,
    LineBody,
    ReleaseBody,
    ReservationRequest,
    ReserveLineBody,
)
from surestock.api.schemas.values import ReservationId
from surestock.inventory.commands import (
    CommitReservation,
    ExpectedLine,
    ExtendReservation,
    MakeReservation,
    ReleaseReservation,
)
from surestock.inventory.model import MAX_QUANTITY, Line, StockKey
from surestock.inventory.refusals import NotFound
from surestock.inventory.reply import reservation_body
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["reservations"])

_ONE = "/reservations/{reservationId}"


@routes.post(
    "/reservations",
    summary="Reserve lines, all or none",
    status_code=201,
    response_model=ReservationChange,
    responses=answers(201, said="Reserved.", mutation=True, location=True)
    | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.SALE),
)
async def make(call: Keyed, body: ReservationRequest) -> Answer:
    """Reserve over any stores. 409 (or 404) lists every line that failed, and why."""
    return await carry_out(
        call, MakeReservation(_expected_lines(body.lines), body.ttl_seconds, body.reference)
    )


@routes.get(
    _ONE,
    summary="Read a reservation",
    response_model=ReservationShown,
    responses=answers(200, said="The reservation.") | errors(400, 404, 503),
    openapi_extra=needs(Scope.INVENTORY_READ),
)
async def read(call: Read, reservation_id: ReservationId) -> Answer:
    """Return the reservation, whatever has become of it.

    For whose checkout it is held is told to those who may read carts.
    """
    held = await call.service.engine.find_reservation(reservation_id)
    if held is None:
        raise NotFound(f"reservation {reservation_id}")
    check_lines(call, held)
    if not may_read_carts(call):
        held = replace(held, held_for=None)
    return json_answer(reservation_body(held))


@routes.post(
    _ONE + "/commit",
    summary="Let reserved units leave on-hand",
    response_model=ReservationChange,
    responses=answers(200, said="Committed.", mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.LAST),
)
async def commit(
    call: Keyed, reservation_id: ReservationId, body: CommitBody | None = None
) -> Answer:
    """Commit all lines; with ``lines``, that part, and the rest is released."""
    lines = None if body is None or body.lines is None else _lines(body.lines)
    return await carry_out(call, CommitReservation(reservation_id, lines))


@routes.post(
    _ONE + "/release",
    summary="Give reserved units back",
    response_model=ReservationChange,
    responses=answers(200, said="Released.", mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.ROUTINE),
)
async def release(
    call: Keyed, reservation_id: ReservationId, body: ReleaseBody | None = None
) -> Answer:
    """Make all units of the reservation available again."""
    del body
    return await carry_out(call, ReleaseReservation(reservation_id))


@routes.post(
    _ONE + "/extend",
    summary="Let a reservation live longer",
    response_model=ReservationChange,
    responses=answers(200, said="Extended.", mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.ROUTINE),
)
async def extend(call: Keyed, reservation_id: ReservationId, body: ExtendBody) -> Answer:
    """Let the reservation expire ``ttlSeconds`` from now."""
    return await carry_out(call, ExtendReservation(reservation_id, body.ttl_seconds))


def _expected_lines(lines: Iterable[ReserveLineBody]) -> tuple[ExpectedLine, ...]:
    """Sum repeated (store, SKU) lines. Raises :class:`ValidationFailed` when they contradict."""
    versions: dict[StockKey, int | None] = {}
    for index, line in enumerate(lines):
        key = (line.store_id, line.sku)
        known = versions.setdefault(key, line.expected_version)
        if known is None:
            versions[key] = line.expected_version
        elif line.expected_version not in {None, known}:
            raise ValidationFailed(
                Fault(
                    "body",
                    f"/lines/{index}/expectedVersion",
                    f"differs from an earlier line of SKU {line.sku} in store {line.store_id}",
                )
            )
    return tuple(ExpectedLine(line, versions[line.key]) for line in _lines(lines))


def _lines(lines: Iterable[LineBody]) -> tuple[Line, ...]:
    """Sum repeated (store, SKU) lines. Raises :class:`ValidationFailed` when a sum is too large."""
    sums: dict[StockKey, int] = {}
    for index, line in enumerate(lines):
        key = (line.store_id, line.sku)
        sums[key] = sums.get(key, 0) + line.qty
        if sums[key] > MAX_QUANTITY:
            raise ValidationFailed(
                Fault("body", f"/lines/{index}/qty", f"takes the sum over {MAX_QUANTITY}")
            )
    return tuple(Line(store_id, sku, qty) for (store_id, sku), qty in sums.items())
