"""Carts over HTTP: what goes in, comes out and is refused, and who is told of it."""

from typing import Any

import pytest

from surestock.cart.commands import NoteMirror
from surestock.cart.model import Cart, ExternalContext
from surestock.kit.clock import ManualClock
from surestock.ledger.port import Envelope
from tests.api.desk import Api, problem
from tests.api.platform import FakeMirrors, told

CART = "/carts/ann"
ITEMS = f"{CART}/items"
PHONE = f"{ITEMS}/phone"
SECRET = "bearer-of-the-platform"


async def test_the_first_item_opens_the_cart(shop: Api) -> None:
    answer = await shop.post(ITEMS, {"sku": "phone", "qty": 2, "storeId": "berlin"})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert answer.headers["x-commit-sequence"] == "4"
    assert answer.json() == {
        "cartId": "bootboot-4",
        "userId": "ann",
        "items": [
            {
                "sku": "phone",
                "name": "Phone",
                "type": "device",
                "qty": 2,
                "unitPrice": 49900,
                "lineTotal": 99800,
                "storeId": "berlin",
            }
        ],
        "totals": {"subtotal": 99800, "currency": "EUR"},
        "version": 1,
        **dict.fromkeys(("createdAt", "updatedAt", "lastAccessedAt"), "2026-01-01T00:00:00Z"),
        "provider": None,
        "externalCartId": None,
        "syncStatus": "pending",
        "lastSyncedAt": None,
        "lastSyncError": None,
        "checkoutStatus": "pending",
        "checkoutStartedAt": None,
        "checkoutCompletedAt": None,
        "checkoutResult": None,
        "checkoutError": None,
        "sequence": 4,
    }


async def test_adding_again_adds_to_the_quantity(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    answer = await shop.post(ITEMS, {"sku": "plan", "qty": 2})
    assert [item["qty"] for item in answer.json()["items"]] == [3]
    assert (answer.headers["etag"], answer.json()["totals"]["subtotal"]) == ('"2"', 3 * 1999)


async def test_to_read_shows_the_cart_and_never_makes_one(shop: Api) -> None:
    assert (await shop.get(CART)).status_code == 404
    assert (await shop.get(CART)).status_code == 404
    assert (await shop.sequence(), told(shop.mirrors)) == (3, [])
    changed = await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    answer = await shop.get(CART)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"1"')
    assert {**answer.json(), "sequence": 4} == changed.json()
    assert await shop.sequence() == 4


async def test_a_look_is_noted_and_shown_without_a_record(shop: Api, clock: ManualClock) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    clock.advance(60)
    mirrors = shop.mirrors
    assert isinstance(mirrors, FakeMirrors)
    mirrors.looked = clock.now()
    answer = await shop.get(CART)
    assert answer.json()["lastAccessedAt"] == "2026-01-01T00:01:00Z"
    assert told(shop.mirrors)[-1] == ("seen", "ann")
    assert await shop.sequence() == 4


async def test_an_etag_is_no_condition_of_a_read(shop: Api) -> None:
    # How the platform's cart stands to ours changes without a new version.
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    assert (await shop.get(CART, if_none_match='"1"')).status_code == 200


async def test_a_quantity_is_set_and_an_item_taken_out(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "phone", "qty": 1})
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    answer = await shop.patch(PHONE, {"qty": 5})
    assert (answer.status_code, answer.headers["etag"]) == (200, '"3"')
    assert [item["qty"] for item in answer.json()["items"]] == [5, 1]
    answer = await shop.delete(PHONE)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"4"')
    assert [item["sku"] for item in answer.json()["items"]] == ["plan"]
    answer = await shop.delete(f"{ITEMS}/plan")
    assert (answer.json()["items"], answer.json()["totals"]["subtotal"]) == ([], 0)


async def test_a_dropped_cart_is_gone(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    answer = await shop.delete(CART, if_match='"1"')
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["x-commit-sequence"] == "5"
    assert {"content-length", "content-type", "etag"}.isdisjoint(answer.headers)
    assert (await shop.get(CART)).status_code == 404
    assert (await shop.delete(CART)).status_code == 404


async def _mirrored(api: Api) -> Cart:
    """Let the cart have a mirror at the platform, which a secret opens."""
    cart = await api.engine.find_document((Cart.KIND, "ann"))
    assert isinstance(cart, Cart)
    context = ExternalContext("elsewhere", "c-1", {"token": SECRET})
    note = NoteMirror("ann", cart.cart_id, context, synced_version=cart.version)
    await api.engine.transact(Envelope(note, "surestock", "r"))
    found = await api.engine.find_document((Cart.KIND, "ann"))
    assert isinstance(found, Cart)
    return found


async def test_whoever_keeps_the_mirrors_is_told_of_every_change(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "phone", "qty": 1})
    await shop.patch(PHONE, {"qty": 5})
    await shop.delete(PHONE)
    cart = await _mirrored(shop)
    await shop.delete(CART)
    assert told(shop.mirrors) == [("changed", "ann")] * 3 + [("forget", "ann", cart.mirror.context)]


async def test_a_refused_change_is_nobodys_business(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "nothing", "qty": 1})
    await shop.patch(PHONE, {"qty": 5})
    await shop.delete(PHONE)
    await shop.delete(CART)
    assert told(shop.mirrors) == []


async def test_what_opens_the_platforms_cart_is_never_shown(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    await _mirrored(shop)
    read = await shop.get(CART)
    assert (read.json()["provider"], read.json()["externalCartId"]) == ("elsewhere", "c-1")
    assert read.json()["syncStatus"] == "synced"
    refused = await shop.patch(f"{ITEMS}/plan", {"qty": 2, "expectedVersion": 7})
    events = await shop.get("/events")
    assert "CartSynced" in events.text
    changed = await shop.patch(f"{ITEMS}/plan", {"qty": 2})
    for answer in (read, refused, events, changed):
        assert SECRET not in answer.text
    assert SECRET.encode() not in b"".join(shop.raw_lines)


@pytest.mark.parametrize("qty", [0, -1, 10_001, 1.0, "1", True, None, 2**63])
async def test_a_bad_quantity_is_malformed(shop: Api, qty: Any) -> None:
    await shop.post(ITEMS, {"sku": "phone", "qty": 1})
    for answer in (
        await shop.post(ITEMS, {"sku": "phone", "qty": qty}),
        await shop.patch(PHONE, {"qty": qty}),
    ):
        assert (answer.status_code, problem(answer)["error"]) == (400, "ValidationError")
        assert problem(answer)["errors"][0]["pointer"] == "/qty"
    assert await shop.sequence() == 4


@pytest.mark.parametrize("member", ["unitPrice", "price", "currency", "expectedversion", "userId"])
async def test_a_client_sends_no_price_and_no_other_member(shop: Api, member: str) -> None:
    answer = await shop.post(ITEMS, {"sku": "phone", "qty": 1, member: 1})
    assert (answer.status_code, problem(answer)["errors"][0]["pointer"]) == (400, f"/{member}")


async def test_what_is_not_there_is_not_found(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    for answer in (
        await shop.post(ITEMS, {"sku": "nothing", "qty": 1}),
        await shop.patch(PHONE, {"qty": 1}),
        await shop.delete(PHONE),
        await shop.delete("/carts/bob"),
        await shop.patch("/carts/bob/items/phone", {"qty": 1}),
    ):
        assert (answer.status_code, problem(answer)["error"]) == (404, "NotFound")


async def test_a_cart_holds_one_currency(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    answer = await shop.post(ITEMS, {"sku": "roaming", "qty": 1})
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "CurrencyConflict")
    assert (members["currency"], members["cartCurrency"]) == ("USD", "EUR")


async def test_a_cart_takes_a_sku_from_one_store(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "phone", "qty": 1, "storeId": "berlin"})
    answer = await shop.post(ITEMS, {"sku": "phone", "qty": 1, "storeId": "paris"})
    members = problem(answer)
    assert (answer.status_code, members["error"]) == (409, "StoreConflict")
    assert (members["storeId"], members["cartStoreId"]) == ("paris", "berlin")


async def test_a_cart_that_would_hold_too_much_says_how_much_it_can(shop: Api) -> None:
    await shop.post(ITEMS, {"sku": "plan", "qty": 10_000})
    answer = await shop.post(ITEMS, {"sku": "plan", "qty": 1})
    assert (answer.status_code, problem(answer)["error"]) == (409, "CartFull")
    assert problem(answer)["limit"] == 10_000
