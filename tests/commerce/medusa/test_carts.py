"""Carts in the words of the port, from whatever Medusa says of them."""

import pytest
from msgspec import structs

from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    Conflict,
    InsufficientStock,
    ItemNotFound,
    Unavailable,
)
from surestock.commerce.http import HttpConfig
from surestock.commerce.port import Payment, RemoteLine, WantedItem
from surestock.commerce.providers.medusa import catalog
from surestock.commerce.providers.medusa.config import MedusaConfig
from tests.commerce.medusa.canned import CART, CONTEXT, REQUEST, Canned, cart, line

PHONE = WantedItem("phone", 2, 1999, "Phone", "device")
ADD = f"POST {CART}/line-items"
CHANGE = f"{ADD}/cali_1"
VARIANTS = "GET /store/product-variants"
OPTIONS = "GET /store/shipping-options"
EMPTY = cart(items=[])


def _variant(sku: str) -> dict[str, object]:
    return {"variants": [{"id": f"var_{sku}", "sku": sku}]}


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("eur", b"0.1", 10),
        ("eur", b"19.99", 1999),
        ("eur", b"1005.10", 100510),
        ("eur", b"70368744177664.01", 7036874417766401),
        ("jpy", b"1999", 1999),
        ("kwd", b"1.999", 1999),
    ],
)
async def test_amounts_are_exact(canned: Canned, currency: str, amount: bytes, minor: int) -> None:
    """Also where a float of 64 bits has not the digits."""
    body = (
        b'{"cart":{"id":"cart_1","created_at":"2026-01-01T10:00:00Z","items":[],"total":%s,'
        b'"currency_code":"%s"}}' % (amount, currency.encode())
    )
    canned.say(f"GET {CART}", body)
    read = await canned.provider().read_cart(CONTEXT)
    assert (read.total, read.currency) == (minor, currency.upper())


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"null",
        {"cart": None},
        cart(items=None),
        cart(items=[line(quantity=1.5)]),
        cart(items=[line(unit_price=19.999)]),
        cart(items=[line(unit_price=None)]),
        cart(currency_code="euro"),
        cart(total="a lot"),
        cart(completed_at="yesterday"),
    ],
)
async def test_a_cart_that_is_malformed_is_a_bad_answer(canned: Canned, answer: object) -> None:
    canned.say(f"GET {CART}", answer)
    with pytest.raises(BadAnswer):
        await canned.provider().read_cart(CONTEXT)


async def test_a_cart_that_was_completed_has_expired(canned: Canned) -> None:
    canned.say(f"GET {CART}", cart(completed_at="2026-01-01T10:00:01Z"))
    with pytest.raises(CartExpired):
        await canned.provider().read_cart(CONTEXT)


async def test_the_lines_of_a_sku_are_one(canned: Canned) -> None:
    twin = line(id="cali_2", quantity=3)
    canned.say(f"GET {CART}", cart(items=[line(), twin]))
    read = await canned.provider().read_cart(CONTEXT)
    assert read.lines == (RemoteLine("cali_1", "phone", 4, 1999),)


async def test_what_was_added_twice_is_set_right(canned: Canned) -> None:
    """An addition whose answer was lost may arrive between our look and our own addition."""
    canned.say(f"GET {CART}", EMPTY)
    canned.say(VARIANTS, _variant("phone"))
    canned.say(ADD, cart(items=[line(quantity=4)]))
    canned.say(CHANGE, cart(items=[line(quantity=2)]))
    held = await canned.provider().set_quantity(CONTEXT, PHONE, None)
    assert [(each.sku, each.qty) for each in held.lines] == [("phone", 2)]
    assert canned.asked[-1] == CHANGE
    assert canned.bodies[-1] == {"quantity": 2}


async def test_too_few_names_the_sku(canned: Canned) -> None:
    canned.say(CHANGE, {"code": "insufficient_inventory", "message": "Some variant"}, status=400)
    with pytest.raises(InsufficientStock) as raised:
        await canned.provider().set_quantity(CONTEXT, PHONE, None)
    assert raised.value.sku == "phone"


async def test_a_line_that_vanished_meanwhile_does_not_mean_that_the_cart_did(
    canned: Canned,
) -> None:
    gone = {"type": "not_found", "message": "Line item with id: cali_1 was not found"}
    canned.say(CHANGE, gone, status=404)
    with pytest.raises(Conflict):
        await canned.provider().set_quantity(CONTEXT, PHONE, None)


async def test_a_variant_is_asked_for_once(canned: Canned) -> None:
    canned.say(f"GET {CART}", EMPTY)
    canned.say(VARIANTS, _variant("phone"))
    canned.say(ADD, cart(items=[line(quantity=2)]))
    provider = canned.provider()
    for _ in range(3):
        await provider.set_quantity(CONTEXT, PHONE, None)
    assert canned.asked.count(VARIANTS) == 1


async def test_a_variant_that_is_sold_no_more_is_asked_for_again(canned: Canned) -> None:
    canned.say(f"GET {CART}", EMPTY)
    canned.say(VARIANTS, _variant("phone"))
    gone = "Variants var_phone do not exist or belong to a product that is not published"
    canned.say(ADD, {"type": "invalid_data", "message": gone}, status=400)
    provider = canned.provider()
    for _ in range(2):
        with pytest.raises(ItemNotFound):
            await provider.set_quantity(CONTEXT, PHONE, None)
    assert canned.asked.count(VARIANTS) == 2


@pytest.mark.parametrize("answer", [{"variants": []}, _variant("another")])
async def test_no_other_variant_is_sold_for_an_unknown_one(canned: Canned, answer: object) -> None:
    canned.say(f"GET {CART}", EMPTY)
    canned.say(VARIANTS, answer)
    with pytest.raises(ItemNotFound) as raised:
        await canned.provider().set_quantity(CONTEXT, PHONE, None)
    assert raised.value.sku == "phone"
    assert ADD not in canned.asked


async def test_only_so_many_variants_are_remembered(
    canned: Canned, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog, "_MOST_REMEMBERED", 2)
    canned.say(f"GET {CART}", EMPTY)
    provider = canned.provider()
    for sku, asked in (("a", 1), ("b", 2), ("c", 3), ("b", 3), ("a", 4)):
        canned.say(VARIANTS, _variant(sku))
        canned.say(ADD, cart(items=[line(variant_sku=sku, quantity=2)]))
        await provider.set_quantity(CONTEXT, structs.replace(PHONE, sku=sku), None)
        assert canned.asked.count(VARIANTS) == asked, sku


async def test_what_is_configured_is_not_asked_for(canned: Canned) -> None:
    canned.say("POST /store/carts", EMPTY)
    canned.say(f"GET {CART}", EMPTY)
    canned.say(ADD, cart(items=[line(quantity=2)]))
    provider = canned.provider(regions={"EUR": "reg_1"}, variants={"phone": "var_1"})
    await provider.open_cart("EUR", "cart-1")
    assert canned.bodies[0]["region_id"] == "reg_1"
    await provider.set_quantity(CONTEXT, PHONE, None)
    assert canned.asked == ["POST /store/carts", f"GET {CART}", ADD]


async def test_a_region_of_another_currency_is_not_sold_in(canned: Canned) -> None:
    canned.say("POST /store/carts", cart(currency_code="usd"))
    with pytest.raises(Conflict):
        await canned.provider(regions={"EUR": "reg_1"}).open_cart("EUR", "cart-1")


async def test_the_cheapest_way_is_taken_and_the_token_handed_on(canned: Canned) -> None:
    canned.say(f"POST {CART}", cart(shipping_methods=[]))
    prices = {"so_dear": 9.5, "so_cheap": 4.9, "so_unpriced": None}
    options = [
        {"id": name, "calculated_price": {"calculated_amount": price}}
        for name, price in prices.items()
    ]
    canned.say(OPTIONS, {"shipping_options": options})
    canned.say(f"POST {CART}/shipping-methods", cart())
    collection = {"payment_collection": {"id": "pay_1", "status": "not_paid"}}
    canned.say("POST /store/payment-collections", collection)
    canned.say("POST /store/payment-collections/pay_1/payment-sessions", collection)
    request = structs.replace(REQUEST, payment=Payment("pp_card", "tok_1"))
    await canned.provider().prepare_checkout(CONTEXT, request)
    assert canned.bodies[0]["metadata"] == {"surestock_attempt": "att-1"}
    assert canned.bodies[1] == {"option_id": "so_cheap"}
    assert canned.bodies[-1] == {"provider_id": "pp_card", "data": {"token": "tok_1"}}


async def test_nothing_that_placing_needs_is_left_out(canned: Canned) -> None:
    canned.say(f"POST {CART}", cart(shipping_methods=[]))
    canned.say(OPTIONS, {"shipping_options": []})
    for request in (structs.replace(REQUEST, customer=None), REQUEST):
        with pytest.raises(Conflict):
            await canned.provider().prepare_checkout(CONTEXT, request)


async def test_a_platform_that_fails_is_unavailable(canned: Canned) -> None:
    canned.say(f"GET {CART}", b"", status=500)
    with pytest.raises(Unavailable) as raised:
        await canned.provider().read_cart(CONTEXT)
    assert raised.value.retry_after_s == 9


def test_the_secret_key_is_not_shown() -> None:
    config = MedusaConfig(HttpConfig("http://127.0.0.1"), "pk_1", secret_key="sk_1")
    assert "sk_1" not in repr(config)
