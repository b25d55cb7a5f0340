"""The catalog: what can be put into a cart, and the prices of record.

To set a product takes the scope of who keeps the stock, not of who fills carts: a shop front that
could set prices would only have to set them before it sells.
"""

from typing import Annotated

from fastapi import APIRouter, Query

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import Answer, json_answer, tagged_answer
from surestock.api.condition import unless_known
from surestock.api.cursor import read_cursor, write_cursor
from surestock.api.documented import MUTATION_ERRORS, answers, errors, not_modified
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.mutation import carry_out
from surestock.api.request_headers import CachedRead, Creating, Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.catalog import ProductBody, ProductChange, ProductList, ProductShown
from surestock.api.schemas.stock import StockPage
from surestock.api.schemas.values import Sku
from surestock.api.shelf import get_product, product_version
from surestock.cart.commands import PutProduct
from surestock.cart.model import Product
from surestock.cart.reply import product_body
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["catalog"])

_ONE = "/catalog/{sku}"
_NEW = 0
_CONTRADICTS = "contradicts If-None-Match, which means: create only"


@routes.get(
    "/catalog",
    summary="List the catalog",
    response_model=ProductList,
    responses=answers(200, said="A page, by SKU.") | errors(400, 503),
    openapi_extra=needs(Scope.CART_READ),
)
async def list_products(call: Read, page: Annotated[StockPage, Query()]) -> Answer:
    """Return up to ``limit`` products; ``nextCursor`` asks for the next ones."""
    after = read_cursor(page.cursor)
    found = await call.service.engine.list_documents(Product.KIND, after, page.limit + 1)
    products = [it for it in found[: page.limit] if isinstance(it, Product)]
    more = len(found) > page.limit
    return json_answer(
        {
            "items": [product_body(product) for product in products],
            "nextCursor": write_cursor(products[-1].sku) if more else None,
        }
    )


@routes.get(
    _ONE,
    summary="Read a product",
    response_model=ProductShown,
    responses=answers(200, said="The product.", etag=True) | not_modified() | errors(400, 404, 503),
    openapi_extra=needs(Scope.CART_READ),
)
async def read(call: CachedRead, sku: Sku) -> Answer:
    """Return the product; its ETag is the version."""
    product = await get_product(call, sku)
    return unless_known(call, tagged_answer(product_body(product), product.version))


@routes.put(
    _ONE,
    summary="Set a product and its price",
    response_model=ProductChange,
    responses=answers(200, said="Set.", etag=True, mutation=True)
    | answers(201, said="New.", model=ProductChange, etag=True, mutation=True)
    | errors(*MUTATION_ERRORS),
    openapi_extra=needs(Scope.INVENTORY_WRITE, Worth.ROUTINE, whole_chain=True),
)
async def put(call: Creating, sku: Sku, body: ProductBody) -> Answer:
    """Set all of the product. Carts that hold it keep the price that was shown, until checkout."""
    expected = body.expected_version
    if call.if_match is not None:
        expected = await product_version(call, sku, expected)
    if call.if_none_match:
        if expected is not None:
            raise ValidationFailed(Fault("body", "/expectedVersion", _CONTRADICTS))
        expected = _NEW
    return await carry_out(
        call,
        PutProduct(
            sku, body.name, body.type, body.unit_price, body.currency, body.stocked, expected
        ),
    )
