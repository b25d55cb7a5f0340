"""What the feed never shows, whichever event holds it: what opens a cart, and keys of clients."""

from collections.abc import Iterator
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from msgspec import Struct, json
from msgspec.structs import fields

from surestock.api.feed.item import PRIVATE, server_sent
from surestock.cart.commands import BeginCheckout, NoteMirror
from surestock.cart.events import CheckoutBegun, PlacingBegun
from surestock.cart.model import Cart, CheckoutKey, ExternalContext
from surestock.idempotency import IdempotencyKey
from surestock.inventory.events import StockAdjusted
from surestock.ledger.event import Event
from surestock.ledger.port import Envelope
from surestock.ledger.record import Record
from tests.api.desk import Api
from tests.api.keys import FakeKeys
from tests.api.reader import Reader

SECRET = "only-for-the-log"
AT = datetime(2026, 1, 1, tzinfo=UTC)
EVENTS: tuple[type[Struct], ...] = get_args(Event)
PLAIN: dict[Any, Any] = {str: "text", int: 7, bool: True, datetime: AT, Any: "text"}
# Whatever is of one of these types is nobody's to see.
KEPT_BACK = (ExternalContext, CheckoutKey, IdempotencyKey)


def value_of(kind: Any) -> Any:
    """Return a value of a type, all of it filled; what is to be kept back holds the secret."""
    if kind is ExternalContext:
        return ExternalContext("elsewhere", f"{SECRET}-cart", {"token": SECRET})
    if isinstance(kind, type) and issubclass(kind, CheckoutKey | IdempotencyKey):
        return kind(SECRET, SECRET, SECRET)
    if isinstance(kind, type) and issubclass(kind, Struct):
        hints = get_type_hints(kind)
        return kind(**{member.name: value_of(hints[member.name]) for member in fields(kind)})
    if get_args(kind):
        return _generic(get_origin(kind), get_args(kind))
    return PLAIN[kind]


def _generic(origin: Any, arguments: tuple[Any, ...]) -> Any:
    if origin in {Union, UnionType}:
        return value_of(next(it for it in arguments if it is not type(None)))
    if origin is tuple:
        return (value_of(arguments[0]),)
    return {"name": "text"} if origin is dict else arguments[0]  # else it is a Literal


def shown(*events: Any) -> dict[str, Any]:
    record = Record(1, "r-1", AT, "ann", events)
    data = server_sent(record).split(b"data: ")[1]
    item: dict[str, Any] = json.decode(data)
    return item


def holds(kind: Any) -> Iterator[Any]:
    """Yield every type that a value of this one may hold."""
    yield kind
    for part in get_args(kind):
        yield from holds(part)
    if isinstance(kind, type) and issubclass(kind, Struct):
        for hint in get_type_hints(kind).values():
            yield from holds(hint)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_no_event_shows_what_opens_a_cart_nor_a_key(kind: type[Struct]) -> None:
    event = value_of(kind)
    item = shown(event)
    assert SECRET not in json.encode(item).decode()
    [told] = item["events"]
    assert told["type"] == kind.__name__
    everything = {member.encode_name for member in fields(kind)} | {"type"}
    assert everything - set(told) <= PRIVATE


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_what_is_to_be_kept_back_is_private_by_name(kind: type[Struct]) -> None:
    hints = get_type_hints(kind)
    kept_back = {name for name, hint in hints.items() if set(KEPT_BACK) & set(holds(hint))}
    assert kept_back <= PRIVATE


def test_the_walk_meets_what_it_is_about() -> None:
    secrets = [kind for kind in EVENTS if SECRET in json.encode(value_of(kind)).decode()]
    assert len(secrets) >= 4
    assert {CheckoutBegun, PlacingBegun} <= set(secrets)


def test_beside_a_private_event_the_others_are_shown_whole() -> None:
    stock = StockAdjusted("berlin", "apple", 1)
    item = shown(stock, value_of(PlacingBegun))
    assert item["events"] == [
        {"type": "StockAdjusted", "storeId": "berlin", "sku": "apple", "delta": 1},
        {"type": "PlacingBegun", "userId": "text", "attemptId": "text"},
    ]


async def test_whose_checkout_holds_stock_is_for_those_who_may_read_carts(
    guarded: Api, keys: FakeKeys
) -> None:
    owner = keys.know("owner")
    auditor = keys.know("auditor", {"inventory:read"})
    phone = {"name": "P", "type": "device", "unitPrice": 1, "currency": "EUR", "stocked": True}
    await guarded.put("/catalog/phone", phone, **owner)
    await guarded.put("/stores/online/inventory/phone", {"onHand": 1}, **owner)
    await guarded.post("/carts/ann/items", {"sku": "phone", "qty": 1}, **owner)
    await guarded.engine.transact(Envelope(BeginCheckout("ann"), "owner", "r"))
    paths = ["/events?after=3", "/stores/online/inventory/phone/history"]
    page = (await guarded.get(paths[0], **owner)).json()
    paths.append(f"/reservations/{page['items'][0]['events'][0]['reservationId']}")
    assert [(await guarded.get(path, **owner)).text.count("ann") for path in paths] == [2, 0, 1]
    for path in paths:
        shown = await guarded.get(path, **auditor)
        assert (shown.status_code, "ann" in shown.text) == (200, False)


async def test_pages_and_streams_show_carts_without_what_opens_them(shop: Api) -> None:
    await shop.post("/carts/ann/items", {"sku": "plan", "qty": 1}, idempotency_key=SECRET)
    cart = await shop.engine.find_document((Cart.KIND, "ann"))
    assert isinstance(cart, Cart)
    note = NoteMirror("ann", cart.cart_id, value_of(ExternalContext), synced_version=1)
    await shop.engine.transact(Envelope(note, "surestock", "r"))
    page = await shop.get("/events?after=3")
    assert SECRET not in page.text
    kinds = [event["type"] for item in page.json()["items"] for event in item["events"]]
    assert kinds == ["CartOpened", "ItemPut", "CartSynced"]


async def test_who_may_not_read_carts_follows_the_stock_without_a_gap(
    guarded: Api, keys: FakeKeys
) -> None:
    owner = keys.know("owner")
    keys.know("auditor", {"inventory:read"})
    plan = {"name": "M", "type": "plan", "unitPrice": 1, "currency": "EUR", "stocked": False}
    await guarded.put("/catalog/plan", plan, **owner)
    await guarded.post("/carts/ann/items", {"sku": "plan", "qty": 1}, **owner)
    shown_to = {
        "owner": [["ProductPut"], ["CartOpened", "ItemPut"]],
        "auditor": [["ProductPut"], []],
    }
    for name, kinds in shown_to.items():
        page = (await guarded.get("/events", authorization=f"Bearer {name}")).json()["items"]
        assert [item["sequence"] for item in page] == [1, 2]
        assert [[event["type"] for event in item["events"]] for item in page] == kinds
        stream = Reader(guarded, most=2)
        await stream.follow(b"/events", (b"authorization", f"Bearer {name}".encode()))
        assert stream.items == page
