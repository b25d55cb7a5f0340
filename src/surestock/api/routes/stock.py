"""One level: read it, count it, change it, reserve from it, explain it; and a store's list."""

from typing import Annotated

from fastapi import APIRouter, Query

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import Answer, json_answer, tagged_answer
from surestock.api.condition import unless_known
from surestock.api.cursor import read_cursor, write_cursor
from surestock.api.documented import MUTATION_ERRORS, answers, errors, not_modified
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.mutation import carry_out, expected_version
from surestock.api.presence import while_there
from surestock.api.request_headers import CachedRead, Conditional, Creating, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas import answers as shown
from surestock.api.schemas.stock import AdjustBody, After, CountBody, ReserveBody, StockPage
from surestock.api.schemas.values import Sku, StoreId
from surestock.inventory.commands import AdjustStock, CountStock, ReserveStock
from surestock.inventory.refusals import NotFound
from surestock.inventory.reply import stock_body
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["inventory"])

_STORE = "/stores/{storeId}/inventory"
_LEVEL = _STORE + "/{sku}"


@routes.post(
    _LEVEL + "/reserve",
    summary="Reserve units of one SKU",
    response_model=shown.StockReserved,
    responses=answers(200, said="Reserved.", etag=True, mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.SALE),
)
async def reserve(call: Conditional, store_id: StoreId, sku: Sku, body: ReserveBody) -> Answer:
    """Set ``qty`` units aside. 409 InsufficientStock when more than available are asked for."""
    expected = body.expected_version
    if call.if_match is not None:
        expected = await expected_version(call, (store_id, sku), expected)
    return await carry_out(
        call,
        ReserveStock(store_id, sku, body.qty, expected, body.ttl_seconds, body.reference),
    )


@routes.post(
    _LEVEL + "/adjust",
    summary="Change on-hand by a delta",
    response_model=shown.StockChange,
    responses=answers(200, said="Adjusted.", etag=True, mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.ROUTINE),
)
async def adjust(call: Conditional, store_id: StoreId, sku: Sku, body: AdjustBody) -> Answer:
    """Add to on-hand, or take from it. 409 InsufficientStock when available would go below 0."""
    expected = body.expected_version
    if call.if_match is not None:
        expected = await expected_version(call, (store_id, sku), expected)
    return await carry_out(
        call, AdjustStock(store_id, sku, body.delta, expected, body.reason, body.reference)
    )


@routes.put(
    _LEVEL,
    summary="Record a physical count",
    response_model=shown.StockChange,
    responses=answers(200, said="Counted.", etag=True, mutation=True)
    | answers(201, said="New.", model=shown.StockChange, etag=True, mutation=True)
    | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.ROUTINE),
)
async def count(call: Creating, store_id: StoreId, sku: Sku, body: CountBody) -> Answer:
    """Set on-hand to what was counted. 409 InsufficientStock when more units are reserved."""
    expected = body.expected_version
    must_exist = call.if_match is not None
    if must_exist:
        expected = await expected_version(call, (store_id, sku), expected)
    if call.if_none_match and expected is not None:
        raise ValidationFailed(
            Fault("body", "/expectedVersion", "contradicts If-None-Match, which means: create only")
        )
    return await carry_out(
        call,
        CountStock(
            store_id, sku, body.on_hand, expected, must_exist, call.if_none_match, body.reason
        ),
    )


@routes.get(
    _LEVEL,
    summary="Read one level",
    response_model=shown.StockRecord,
    responses=answers(200, said="The level.", etag=True) | not_modified() | errors(400, 404, 503),
    openapi_extra=needs(Scope.INVENTORY_READ),
)
async def read(call: CachedRead, store_id: StoreId, sku: Sku) -> Answer:
    """Return the level; its ETag is the version."""
    level = await call.service.engine.find_level((store_id, sku))
    if level is None:
        raise NotFound(f"SKU {sku} in store {store_id}")
    return unless_known(call, tagged_answer(stock_body(level), level.version))


@routes.get(
    _STORE,
    summary="List a store's levels",
    response_model=shown.StockList,
    responses=answers(200, said="A page, by SKU.") | errors(400, 503),
    openapi_extra=needs(Scope.INVENTORY_READ),
)
async def list_stock(call: Read, store_id: StoreId, page: Annotated[StockPage, Query()]) -> Answer:
    """Return up to ``limit`` levels; ``nextCursor`` asks for the next ones."""
    after = read_cursor(page.cursor)
    levels = await call.service.engine.list_levels(store_id, after, page.limit + 1)
    shown_levels = levels[: page.limit]
    more = len(levels) > page.limit
    return json_answer(
        {
            "items": [stock_body(level) for level in shown_levels],
            "nextCursor": write_cursor(shown_levels[-1].sku) if more else None,
        }
    )


@routes.get(
    _LEVEL + "/history",
    summary="Explain a number",
    response_model=shown.History,
    responses=answers(200, said="Events, oldest first.") | errors(400, 404, 410, 503),
    openapi_extra=needs(Scope.INVENTORY_READ),
)
async def history(
    call: Read, store_id: StoreId, sku: Sku, page: Annotated[After, Query()]
) -> Answer:
    """Return what up to ``limit`` records after sequence ``after`` did to the level."""
    engine = call.service.engine
    if await engine.find_level((store_id, sku)) is None:
        raise NotFound(f"SKU {sku} in store {store_id}")
    # The whole log may have to be read for it: not for a client that is gone.
    entries = await while_there(call, engine.history((store_id, sku), page.after, page.limit))
    next_after = entries[-1].sequence if entries else page.after
    return json_answer({"items": entries, "nextAfter": next_after})
