"""The textbook peer: FastAPI, asyncpg and PostgreSQL, one transaction a request.

The idempotency row goes first, so that a second try waits for the first one's commit and then
replays it; then the stock row is locked, checked and changed, and the event written. Everything
that PostgreSQL is known to reward is done: a pool of open connections, prepared statements
(asyncpg caches them), a Unix socket, an event whose number the idempotency row already knows.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any, Final

import asyncpg
from fastapi import FastAPI

from benchmarks.peers.contract import (
    PATH,
    IdempotencyKey,
    Identifier,
    IfMatch,
    Refused,
    RequestId,
    ReserveBody,
    Reserved,
    add_basics,
    expected_version,
)
from benchmarks.peers.order import Order

POOL_SIZE: Final = 16

_REMEMBER: Final = """
INSERT INTO idempotency (key, fingerprint, sequence) VALUES ($1, $2, nextval('event_sequence'))
ON CONFLICT (key) DO NOTHING RETURNING sequence"""
_NEXT: Final = "SELECT nextval('event_sequence')"
_RECALL: Final = """
SELECT i.fingerprint, e.* FROM idempotency i JOIN event e USING (sequence) WHERE i.key = $1"""
_LOCK: Final = """
SELECT on_hand, reserved, version FROM stock WHERE store_id = $1 AND sku = $2 FOR UPDATE"""
_CHANGE: Final = """
UPDATE stock SET reserved = $3, version = $4, updated_at = $5 WHERE store_id = $1 AND sku = $2"""
_TELL: Final = """
INSERT INTO event (sequence, reservation_id, store_id, sku, qty, on_hand, reserved, version, at,
                   expires_at, reference)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"""


async def _replay(connection: Any, order: Order) -> Reserved:  # noqa: ANN401 - asyncpg's proxy has no public type
    first = await connection.fetchrow(_RECALL, order.key)
    if first is None or first["fingerprint"] != order.fingerprint():
        raise Refused(HTTPStatus.CONFLICT, "IdempotencyConflict")
    return Reserved(
        store_id=first["store_id"],
        sku=first["sku"],
        qty=first["on_hand"] - first["reserved"],
        on_hand=first["on_hand"],
        reserved=first["reserved"],
        version=first["version"],
        updated_at=first["at"],
        sequence=first["sequence"],
        reservation_id=str(first["reservation_id"]),
        expires_at=first["expires_at"],
    )


async def _reserve(connection: Any, order: Order) -> Reserved:  # noqa: ANN401 - asyncpg's proxy has no public type
    if order.key is None:
        sequence = await connection.fetchval(_NEXT)
    else:
        sequence = await connection.fetchval(_REMEMBER, order.key, order.fingerprint())
        if sequence is None:
            return await _replay(connection, order)
    row = await connection.fetchrow(_LOCK, order.store_id, order.sku)
    if row is None:
        raise Refused(HTTPStatus.NOT_FOUND, "NotFound")
    on_hand, reserved, version = row
    order.check(on_hand, reserved, version)
    reserved += order.body.qty
    version += 1
    await connection.execute(_CHANGE, order.store_id, order.sku, reserved, version, order.at)
    await connection.execute(
        _TELL,
        sequence,
        order.reservation_id,
        order.store_id,
        order.sku,
        order.body.qty,
        on_hand,
        reserved,
        version,
        order.at,
        order.expires_at,
        order.body.reference,
    )
    return order.reply(sequence, on_hand, reserved, version)


def build(database: str) -> FastAPI:
    """Return the application on the PostgreSQL server whose socket is in ``database``."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asyncpg.create_pool(
            host=database,
            user="postgres",
            database="postgres",
            min_size=POOL_SIZE,
            max_size=POOL_SIZE,
        ) as pool:
            app.state.pool = pool
            yield

    app = FastAPI(lifespan=lifespan)
    add_basics(app)

    @app.post(PATH)
    async def reserve(
        store_id: Identifier,
        sku: Identifier,
        body: ReserveBody,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        request_id: RequestId = None,
    ) -> Reserved:
        del request_id
        order = Order(store_id, sku, body, idempotency_key, expected_version(body, if_match))
        async with app.state.pool.acquire() as connection, connection.transaction():
            return await _reserve(connection, order)

    return app
