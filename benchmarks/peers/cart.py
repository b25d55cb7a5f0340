"""The request that puts a product into a cart, typed with pydantic as the reserve is, and answered.

It does nothing: the answer is always the same cart of four items.
"""

from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import FastAPI
from pydantic import Field

from benchmarks.peers.contract import IdempotencyKey, Identifier, IfMatch, Model, RequestId

PATH: Final = "/carts/{user_id}/items"
_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
_ITEMS: Final = 4


class _AddBody(Model):
    sku: str
    qty: Annotated[int, Field(ge=1, le=10_000)]
    store_id: str | None = None
    expected_version: Annotated[int | None, Field(ge=1)] = None


class _Item(Model):
    sku: str
    name: str
    type: str
    qty: int
    unit_price: int
    line_total: int
    store_id: str | None


class _Totals(Model):
    subtotal: int
    currency: str


class _Cart(Model):
    cart_id: str
    user_id: str
    items: list[_Item]
    totals: _Totals
    version: int
    created_at: datetime
    updated_at: datetime
    last_accessed_at: datetime
    provider: str | None = None
    external_cart_id: str | None = None
    sync_status: str = "pending"
    last_synced_at: datetime | None = None
    last_sync_error: str | None = None
    checkout_status: str = "pending"
    checkout_started_at: datetime | None = None
    checkout_completed_at: datetime | None = None
    checkout_result: str | None = None
    checkout_error: str | None = None
    sequence: int


def add_cart(app: FastAPI) -> None:
    """Give ``app`` the route that puts nothing into no cart."""

    @app.post(PATH)
    async def add(
        user_id: Identifier,
        body: _AddBody,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        request_id: RequestId = None,
    ) -> _Cart:
        del if_match, request_id
        item = _Item(
            sku=body.sku,
            name="Phone 15, 128 GB",
            type="device",
            qty=body.qty,
            unit_price=100,
            line_total=100 * body.qty,
            store_id=body.store_id,
        )
        return _Cart(
            cart_id=idempotency_key or "none",
            user_id=user_id,
            items=[item] * _ITEMS,
            totals=_Totals(subtotal=100 * body.qty, currency="EUR"),
            version=2,
            created_at=_EPOCH,
            updated_at=_EPOCH,
            last_accessed_at=_EPOCH,
            sequence=1,
        )
