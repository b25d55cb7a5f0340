"""The central view: every SKU over all stores, how far the view is, and what could not be folded.

None of these requests changes the log, and each may be repeated without harm: a sync that has
nothing to do does nothing, and a dead letter has one end.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import Answer, json_answer
from surestock.api.cursor import read_cursor, read_letter_cursor, write_cursor
from surestock.api.documented import answers, errors
from surestock.api.request_headers import Keyed, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas import central as shown
from surestock.api.schemas.stock import StockPage
from surestock.api.schemas.values import LetterId, NoMembers, Sku
from surestock.inventory.refusals import NotFound
from surestock.inventory.reply import central_body

routes = APIRouter(route_class=CheckedRoute, tags=["central"])

_LETTERS = "/dead-letters"


@routes.post(
    "/sync",
    summary="Bring the central view up to date",
    response_model=shown.SyncResult,
    responses=answers(200, said="It is.") | errors(400, 413, 415, 503),
    openapi_extra=needs(Scope.INVENTORY_READ, asks_central=True, whole_chain=True),
)
async def sync(call: Keyed, body: NoMembers | None = None) -> Answer:
    """Return once the central view covers every change that was acknowledged before the call.

    To repeat it does no harm, with an Idempotency-Key or without.
    """
    del body
    return json_answer(await call.service.central.sync())


@routes.get(
    "/central/inventory/{sku}",
    summary="Read one SKU over all stores",
    response_model=shown.CentralRecord,
    responses=answers(200, said="The SKU.") | errors(400, 404, 503),
    openapi_extra=needs(Scope.INVENTORY_READ, asks_central=True, whole_chain=True),
)
async def read(call: Read, sku: Sku, least: Annotated[shown.AtLeast, Query()]) -> Answer:
    """Return the SKU as the log had it at ``appliedSequence``.

    To read your own write, pass its X-Commit-Sequence as ``minSequence``: the answer waits up to
    2 s for it, then it is 503 CentralBehind. A reservation counts until its end is in the log,
    which is some seconds after its time is over.
    """
    stock, applied_sequence = await call.service.central.find(sku, least.min_sequence)
    if stock is None:
        raise NotFound(f"SKU {sku} in the central view")
    return json_answer(central_body(stock, applied_sequence))


@routes.get(
    "/central/inventory",
    summary="List all SKUs over all stores",
    response_model=shown.CentralList,
    responses=answers(200, said="A page, by SKU.") | errors(400, 503),
    openapi_extra=needs(Scope.INVENTORY_READ, asks_central=True, whole_chain=True),
)
async def list_central(call: Read, page: Annotated[StockPage, Query()]) -> Answer:
    """Return up to ``limit`` SKUs; ``nextCursor`` asks for the next ones."""
    after = read_cursor(page.cursor)
    found = await call.service.central.page(after, page.limit + 1)
    items = found.items[: page.limit]
    more = len(found.items) > page.limit
    return json_answer(
        {
            "items": [central_body(stock) for stock in items],
            "nextCursor": write_cursor(items[-1].sku) if more else None,
            "appliedSequence": found.applied_sequence,
        }
    )


@routes.get(
    _LETTERS,
    summary="List the changes that could not be folded",
    response_model=shown.LetterList,
    responses=answers(200, said="A page, oldest first.") | errors(400, 503),
    openapi_extra=needs(Scope.OPS_READ, asks_central=True, whole_chain=True),
)
async def dead_letters(call: Read, page: Annotated[shown.LetterPage, Query()]) -> Answer:
    """Return what is parked, and what has become of what was; ``nextCursor`` asks for more."""
    after = read_letter_cursor(page.cursor)
    letters = await call.service.central.dead_letters(after, page.limit + 1)
    items = letters[: page.limit]
    more = len(letters) > page.limit
    return json_answer({"items": items, "nextCursor": write_cursor(items[-1].id) if more else None})


@routes.post(
    _LETTERS + "/{letterId}/redrive",
    summary="Try a parked change again",
    response_model=shown.LetterShown,
    responses=answers(200, said="As it is now.") | errors(400, 404, 413, 415, 503),
    openapi_extra=needs(Scope.OPS_ADMIN, asks_central=True, whole_chain=True),
)
async def redrive(call: Keyed, letter_id: LetterId, body: NoMembers | None = None) -> Answer:
    """Fold the change, then those that wait behind it, in order.

    A letter that has had its end is returned as it is, so to repeat this does no harm, with an
    Idempotency-Key or without.
    """
    del body
    return json_answer(await call.service.central.redrive(letter_id))


@routes.post(
    _LETTERS + "/{letterId}/discard",
    summary="Give a parked change up",
    response_model=shown.LetterShown,
    responses=answers(200, said="As it is now.") | errors(400, 404, 413, 415, 503),
    openapi_extra=needs(Scope.OPS_ADMIN, asks_central=True, whole_chain=True),
)
async def discard(call: Keyed, letter_id: LetterId, body: shown.DiscardBody) -> Answer:
    """Leave the change out of the view for good, and fold those that wait behind it.

    A letter that has had its end is returned as it is, so to repeat this does no harm, with an
    Idempotency-Key or without.
    """
    return json_answer(await call.service.central.discard(letter_id, body.reason))
