"""A small blocking client for what happens around the load: fill a server, ask it one thing."""

import http.client
import secrets
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any, Final

import orjson

from benchmarks.errors import UnsoundMeasurement
from benchmarks.plan import ON_HAND

Row = dict[str, str | int]
"""One row of ``POST /inventory/batch``."""

_TIMEOUT_SECONDS: Final = 120.0
_JSON: Final = {"Content-Type": "application/json"}


def place(sku: int) -> tuple[str, str]:
    """Return store and SKU of the number ``sku``, as the load scripts name them."""
    return f"store-{sku % 10}", f"sku-{sku}"


def count_rows(skus: int) -> Iterable[Row]:
    """Give the rows that open ``skus`` SKUs with stock that never runs out."""
    for number in range(skus):
        store_id, sku = place(number)
        yield {"op": "count", "storeId": store_id, "sku": sku, "onHand": ON_HAND}


def reserve_rows(total: int, skus: int, *, keyed: bool) -> Iterable[Row]:
    """Give ``total`` reserves of one unit, evenly over ``skus`` SKUs, each with a key or none."""
    nonce = secrets.token_hex(12)
    for number in range(total):
        store_id, sku = place(number % skus)
        row: Row = {"op": "reserve", "storeId": store_id, "sku": sku, "qty": 1}
        if keyed:
            row["idempotencyKey"] = f"{nonce}-{number}"
        yield row


def _post(connection: http.client.HTTPConnection, path: str, body: object) -> dict[str, Any]:
    connection.request("POST", path, orjson.dumps(body), _JSON)
    response = connection.getresponse()
    answer = response.read()
    if response.status not in {HTTPStatus.OK, HTTPStatus.MULTI_STATUS}:
        raise UnsoundMeasurement(f"POST {path} answered {response.status}: {answer[:300]!r}")
    parsed: dict[str, Any] = orjson.loads(answer)
    return parsed


def send_rows(port: int, rows: Iterable[Row], batch: int) -> int:
    """Post ``rows`` in batches of ``batch`` and return how many there were.

    Raises UnsoundMeasurement when any row is refused.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    sent = 0
    waiting: list[Row] = []

    def flush() -> None:
        answer = _post(connection, "/inventory/batch", {"operations": waiting})
        refused = [
            result for result in answer["results"] if result["status"] >= HTTPStatus.BAD_REQUEST
        ]
        if refused:
            raise UnsoundMeasurement(f"{len(refused)} rows were refused, the first: {refused[0]}")
        waiting.clear()

    for row in rows:
        waiting.append(row)
        sent += 1
        if len(waiting) == batch:
            flush()
    if waiting:
        flush()
    connection.close()
    return sent


def fill_catalog(port: int, skus: int) -> None:
    """Offer the first ``skus`` SKUs as products."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    for number in range(skus):
        product = {
            "name": "Phone 15, 128 GB",
            "type": "device",
            "unitPrice": 100 + number,
            "currency": "EUR",
            "stocked": True,
        }
        connection.request("PUT", f"/catalog/sku-{number}", orjson.dumps(product), _JSON)
        response = connection.getresponse()
        answer = response.read()
        if response.status != HTTPStatus.CREATED:
            raise UnsoundMeasurement(f"a product was answered {response.status}: {answer[:300]!r}")
    connection.close()


def cart_changes(port: int, users: int) -> int:
    """Return how many changes of the carts of ``users`` there were so far: a version each."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    changes = 0
    for number in range(users):
        connection.request("GET", f"/carts/user-{number}")
        response = connection.getresponse()
        answer = response.read()
        if response.status == HTTPStatus.OK:
            changes += orjson.loads(answer)["version"]
    connection.close()
    return changes


def last_sequence(port: int) -> int:
    """Reserve one unit and return the sequence of that commit: how far the server's books are."""
    store_id, sku = place(0)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_TIMEOUT_SECONDS)
    answer = _post(connection, f"/stores/{store_id}/inventory/{sku}/reserve", {"qty": 1})
    connection.close()
    sequence: int = answer["sequence"]
    return sequence
