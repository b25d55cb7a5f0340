"""The floor: typed FastAPI endpoints that check their request, do nothing and answer."""

from datetime import UTC, datetime
from typing import Final

from fastapi import FastAPI

from benchmarks.peers.cart import add_cart
from benchmarks.peers.contract import (
    PATH,
    IdempotencyKey,
    Identifier,
    IfMatch,
    RequestId,
    ReserveBody,
    Reserved,
    add_basics,
)
from benchmarks.plan import ON_HAND

_EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)


def build() -> FastAPI:
    """Return the application."""
    app = FastAPI()
    add_basics(app)
    add_cart(app)

    @app.post(PATH)
    async def reserve(
        store_id: Identifier,
        sku: Identifier,
        body: ReserveBody,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        request_id: RequestId = None,
    ) -> Reserved:
        del if_match, request_id
        return Reserved(
            store_id=store_id,
            sku=sku,
            qty=ON_HAND - body.qty,
            on_hand=ON_HAND,
            reserved=body.qty,
            version=2,
            updated_at=_EPOCH,
            sequence=1,
            reservation_id=idempotency_key or "none",
            expires_at=None,
        )

    return app
