"""FastAPI on SQLite: write-ahead log, ``synchronous=FULL``, one transaction and one sync a request.

SQLite has one writer at a time, so the transactions run in FastAPI's worker threads, one after
the other under a lock; the event loop stays free meanwhile.
"""

import sqlite3
import threading
from datetime import datetime
from http import HTTPStatus
from typing import Final

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

_REMEMBER: Final = "INSERT OR IGNORE INTO idempotency (key, fingerprint, sequence) VALUES (?, ?, ?)"
_NEXT: Final = "SELECT coalesce(max(sequence), 0) + 1 FROM event"
_RECALL: Final = """
SELECT i.fingerprint, e.store_id, e.sku, e.on_hand, e.reserved, e.version, e.at, e.sequence,
       e.reservation_id, e.expires_at
FROM idempotency i JOIN event e USING (sequence) WHERE i.key = ?"""
_READ: Final = "SELECT on_hand, reserved, version FROM stock WHERE store_id = ? AND sku = ?"
_CHANGE: Final = """
UPDATE stock SET reserved = ?, version = ?, updated_at = ? WHERE store_id = ? AND sku = ?"""
_TELL: Final = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def connect(database: str) -> sqlite3.Connection:
    """Open ``database`` so that an acknowledged commit survives a power cut."""
    connection = sqlite3.connect(database, isolation_level=None, check_same_thread=False)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    return connection


def _replay(connection: sqlite3.Connection, order: Order) -> Reserved:
    row = connection.execute(_RECALL, (order.key,)).fetchone()
    if row is None or row[0] != order.fingerprint():
        raise Refused(HTTPStatus.CONFLICT, "IdempotencyConflict")
    _, store_id, sku, on_hand, reserved, version, at, sequence, reservation_id, expires_at = row
    return Reserved(
        store_id=store_id,
        sku=sku,
        qty=on_hand - reserved,
        on_hand=on_hand,
        reserved=reserved,
        version=version,
        updated_at=datetime.fromisoformat(at),
        sequence=sequence,
        reservation_id=reservation_id,
        expires_at=None if expires_at is None else datetime.fromisoformat(expires_at),
    )


def _reserve(connection: sqlite3.Connection, order: Order) -> Reserved:
    sequence: int = connection.execute(_NEXT).fetchone()[0]
    if order.key is not None:
        remembered = connection.execute(_REMEMBER, (order.key, order.fingerprint(), sequence))
        if remembered.rowcount == 0:
            return _replay(connection, order)
    row = connection.execute(_READ, (order.store_id, order.sku)).fetchone()
    if row is None:
        raise Refused(HTTPStatus.NOT_FOUND, "NotFound")
    on_hand, reserved, version = row
    order.check(on_hand, reserved, version)
    reserved += order.body.qty
    version += 1
    at = order.at.isoformat()
    expires_at = None if order.expires_at is None else order.expires_at.isoformat()
    connection.execute(_CHANGE, (reserved, version, at, order.store_id, order.sku))
    connection.execute(
        _TELL,
        (
            sequence,
            str(order.reservation_id),
            order.store_id,
            order.sku,
            order.body.qty,
            on_hand,
            reserved,
            version,
            at,
            expires_at,
            order.body.reference,
        ),
    )
    return order.reply(sequence, on_hand, reserved, version)


def build(database: str) -> FastAPI:
    """Return the application on the SQLite file ``database``."""
    connection = connect(database)
    turn = threading.Lock()
    app = FastAPI()
    add_basics(app)

    @app.post(PATH)
    def reserve(
        store_id: Identifier,
        sku: Identifier,
        body: ReserveBody,
        idempotency_key: IdempotencyKey = None,
        if_match: IfMatch = None,
        request_id: RequestId = None,
    ) -> Reserved:
        del request_id
        order = Order(store_id, sku, body, idempotency_key, expected_version(body, if_match))
        with turn:
            connection.execute("BEGIN IMMEDIATE")
            try:
                reply = _reserve(connection, order)
            except BaseException:
                connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")
        return reply

    return app
