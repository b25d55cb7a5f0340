"""Carts: read one, fill it, empty it, and bring the commerce platform's up to it.

A cart may hold items of any store, so a key that is limited to some cannot use these routes. What a
user puts into a cart is a sale in the making: it is shed after routine work, and before a checkout.
"""

from fastapi import APIRouter

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import Answer, outcome_answer, tagged_answer, without_body
from surestock.api.documented import MUTATION_ERRORS, answers, errors
from surestock.api.mutation import carry_out, transact
from surestock.api.request_headers import Conditional, Keyed, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.cart import AddBody, CartChange, CartShown, QuantityBody
from surestock.api.schemas.values import NoMembers, Sku, UserId
from surestock.api.shelf import cart_version, find_cart, find_checkout, get_cart
from surestock.cart.commands import AddItem, DropCart, RemoveItem, SetItemQuantity
from surestock.cart.reply import cart_body
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["carts"])

_CART = "/carts/{userId}"
_ITEM = _CART + "/items/{sku}"


@routes.get(
    _CART,
    summary="Read a cart",
    response_model=CartShown,
    responses=answers(200, said="The cart.", etag=True) | errors(400, 404, 503),
    openapi_extra=needs(Scope.CART_READ, whole_chain=True),
)
async def read(call: Read, user_id: UserId) -> Answer:
    """Return the cart; its ETag is the version of its items.

    How the platform's cart stands to it changes without a new version, so If-None-Match means
    nothing here. To read never makes a cart.
    """
    cart = await get_cart(call, user_id)
    checkout = await find_checkout(call, user_id)
    mirrors = call.service.mirrors
    mirrors.seen(user_id)
    return tagged_answer(cart_body(cart, checkout, mirrors.accessed_at(cart)), cart.version)


@routes.post(
    _CART + "/items",
    summary="Put a product into a cart",
    response_model=CartChange,
    responses=answers(200, said="It is in.", etag=True, mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.CART_WRITE, Worth.SALE, whole_chain=True),
)
async def add(call: Conditional, user_id: UserId, body: AddBody) -> Answer:
    """Add ``qty`` of a product at today's price. The first item opens the cart."""
    expected = body.expected_version
    if call.if_match is not None:
        expected = await cart_version(call, user_id, expected)
    must_exist = call.if_match is not None
    answer = await carry_out(
        call,
        AddItem(
            user_id,
            body.sku,
            body.qty,
            body.store_id,
            expected,
            call.service.cart_store_id,
            must_exist,
        ),
    )
    call.service.mirrors.changed(user_id)
    return answer


@routes.patch(
    _ITEM,
    summary="Set the quantity of an item",
    response_model=CartChange,
    responses=answers(200, said="Set.", etag=True, mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.CART_WRITE, Worth.SALE, whole_chain=True),
)
async def set_quantity(call: Conditional, user_id: UserId, sku: Sku, body: QuantityBody) -> Answer:
    """Let the cart hold ``qty`` of a product that it has, at today's price."""
    expected = body.expected_version
    if call.if_match is not None:
        expected = await cart_version(call, user_id, expected)
    store_id = call.service.cart_store_id
    answer = await carry_out(call, SetItemQuantity(user_id, sku, body.qty, expected, store_id))
    call.service.mirrors.changed(user_id)
    return answer


@routes.delete(
    _ITEM,
    summary="Take an item out of a cart",
    response_model=CartChange,
    responses=answers(200, said="It is out.", etag=True, mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.CART_WRITE, Worth.ROUTINE, whole_chain=True),
)
async def remove(call: Conditional, user_id: UserId, sku: Sku) -> Answer:
    """Take all of a product out. The cart stays, also when it is empty."""
    expected = None
    if call.if_match is not None:
        expected = await cart_version(call, user_id)
    answer = await carry_out(call, RemoveItem(user_id, sku, expected))
    call.service.mirrors.changed(user_id)
    return answer


@routes.delete(
    _CART,
    summary="Let go of a cart",
    status_code=204,
    response_model=None,
    responses=answers(204, said="It is gone.", mutation=True) | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.CART_WRITE, Worth.ROUTINE, whole_chain=True),
)
async def drop(call: Conditional, user_id: UserId) -> Answer:
    """Let go of the cart, and of the platform's."""
    expected = None
    if call.if_match is not None:
        expected = await cart_version(call, user_id)
    # Where the platform has its cart: once ours is gone, nobody knows.
    cart = await find_cart(call, user_id)
    outcome = await transact(call, DropCart(user_id, expected))
    if not outcome.replayed:
        call.service.mirrors.forget(user_id, None if cart is None else cart.mirror.context)
    return without_body(outcome_answer(outcome))


@routes.post(
    _CART + "/sync",
    summary="Bring the platform's cart up to date",
    response_model=CartShown,
    responses=answers(200, said="It is.", etag=True) | errors(400, 404, 409, 413, 415, 502, 503),
    openapi_extra=needs(Scope.CART_WRITE, Worth.ROUTINE, asks_platform=True, whole_chain=True),
)
async def sync(call: Keyed, user_id: UserId, body: NoMembers | None = None) -> Answer:
    """Take over today's prices, and return once the platform's cart holds what this one does.

    When that fails, the cart is as it was. To repeat it does no harm, with an Idempotency-Key or
    without.
    """
    del body
    service = call.service
    cart = await service.mirrors.sync(user_id, call.client, call.request_id)
    checkout = await find_checkout(call, user_id)
    return tagged_answer(cart_body(cart, checkout, service.mirrors.accessed_at(cart)), cart.version)
