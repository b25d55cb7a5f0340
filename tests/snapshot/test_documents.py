"""Snapshots hold products, carts and checkouts; those that an older release wrote hold none."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import json

from surestock.cart.model import (
    Attempt,
    Cart,
    Checkout,
    CheckoutKey,
    ExternalContext,
    Failure,
    Item,
    Mirror,
    Order,
    Product,
)
from surestock.inventory.document import Document
from surestock.inventory.model import Level, Line, Reservation
from surestock.journal.line import GENESIS, seal
from surestock.snapshot import SnapshotDamaged, SnapshotHead, read_snapshot, write_snapshot

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
HEAD = SnapshotHead(7, "0a0b0c0d", NOW, {"boot": 7})
CONTEXT = ExternalContext("shop", "ext-1", {"token": "opens-it"})
ITEMS = (Item("phone", 'P "15"\u2028', "device", 2, 500, stocked=True, store_id="online"),)
ATTEMPT = Attempt("a-1", NOW, reserved=True, context=CONTEXT, placing_at=NOW, version=3)
DEEP = {"changes": [{"sku": "phone", "old": 1, "new": None}], "available": 2.5, "more": [True]}
DOCUMENTS: list[Document] = [
    *(
        Cart(f"u{number:04}", f"c-{number}", "EUR", ITEMS, 1 + number, NOW, NOW, NOW)
        for number in range(2_100)
    ),
    Cart("v", "c-v", "EUR", (), 4, NOW, NOW, NOW, Mirror("failed", CONTEXT, 3, NOW, "It is gone.")),
    Checkout("a", "c-a", "in_progress", Attempt("a-0", NOW), ITEMS, "EUR"),
    Checkout(
        "b",
        "c-b",
        "failed",
        ATTEMPT,
        ITEMS,
        "EUR",
        CheckoutKey("k", "d", "f"),
        NOW,
        failure=Failure("PriceChanged", "It costs more.", DEEP, "r-1"),
        absent=(ATTEMPT, Attempt("a-2", NOW)),
    ),
    Checkout("c", "c-c", "unknown", ATTEMPT, ITEMS, "EUR", why_unknown="Nobody knows."),
    Checkout("d", "c-d", "completed", ATTEMPT, ITEMS, "EUR", None, NOW, Order("o", "1", 9, "EUR")),
    Product("phone", "Phone", "device", 500, "EUR", stocked=True, version=2, updated_at=NOW),
]
LEVEL = {"storeId": "online", "sku": "phone", "onHand": 9, "reserved": 2, "version": 3}
HELD = {
    "reservationId": "r-1",
    "lines": [{"storeId": "online", "sku": "phone", "qty": 2}],
    "status": "active",
    "expiresAt": None,
    "reference": None,
    "committed": [],
}


def write(directory: Path, documents: Iterable[Document]) -> Path:
    return write_snapshot(directory, HEAD, [], [], documents=documents)


def written_before(directory: Path, end: dict[str, int]) -> Path:
    """Write a snapshot as the first format had it."""
    about = {"format": "surestock-snapshot/1", "sequence": 7, "log": HEAD.log}
    parts = [
        about | {"ts": NOW, "ids": HEAD.ids},
        {"levels": [LEVEL | {"updatedAt": NOW}]},
        {"reservations": [HELD]},
        {"end": end},
    ]
    path = directory / f"{7:020}.ndjson"
    prev, lines = GENESIS, []
    for part in parts:
        line, prev = seal(b'"prev":"%s",' % prev.encode() + json.encode(part)[1:])
        lines.append(line)
    path.write_bytes(b"".join(lines))
    return path


def test_documents_of_all_kinds_and_states_are_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, DOCUMENTS)
    assert path.read_bytes().count(b'"documents":[') == 2
    assert list(read_snapshot(path).documents) == DOCUMENTS


def test_one_that_lost_its_documents_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path, DOCUMENTS[:1])
    head, _, end = path.read_bytes().splitlines(keepends=True)
    line, _ = seal(b'"prev":"%s",' % head[8:16] + end[end.index(b'"end"') : -1])
    path.write_bytes(head + line)
    with pytest.raises(SnapshotDamaged, match="does not hold what it counted"):
        read_snapshot(path)


def test_the_format_that_knew_no_documents_is_read_as_well(tmp_path: Path) -> None:
    found = read_snapshot(written_before(tmp_path, {"levels": 1, "reservations": 1}))
    assert found.head == HEAD
    assert found.levels == [Level("online", "phone", 9, 2, 3, NOW)]
    assert found.reservations == [Reservation("r-1", (Line("online", "phone", 2),), "active")]
    assert found.documents == []
    with pytest.raises(SnapshotDamaged, match="does not hold what it counted"):
        read_snapshot(written_before(tmp_path, {"levels": 2, "reservations": 1}))
