"""Users pay what they were shown: a price that changed is refused, and taken over on wish."""

from msgspec.structs import replace

from surestock.cart.commands import BeginCheckout, Reprice
from surestock.cart.events import CartRepriced
from surestock.cart.model import Product
from surestock.cart.refusals import CheckoutInProgress, CurrencyConflict, PriceChange, PriceChanged
from surestock.inventory.refusals import NotFound
from tests.cart.shop import ANN, PLAN, Shop, begun, open_shop, put, with_cart


def test_prices_that_are_the_same_are_no_record_and_still_an_answer() -> None:
    shop = with_cart()
    records, cart = len(shop.records), shop.cart()
    shop.do(Reprice(ANN))
    assert (len(shop.records), shop.cart()) == (records, cart)
    assert (shop.replies[-1].version, shop.body["version"]) == (2, 2)
    assert "sequence" not in shop.body


def test_new_prices_and_names_are_taken_over_and_quantities_stay() -> None:
    shop = with_cart()
    shop.do(put("phone", 80_00, stocked=True))
    record = shop.do(Reprice(ANN))
    assert [type(event) for event in record.events] == [CartRepriced]
    assert (shop.wants(), shop.cart().version) == ({"phone": 2, PLAN: 1}, 3)
    assert shop.cart().subtotal == 170_00
    assert shop.cart().mirror.state == "pending"


def test_what_is_stocked_by_now_is_taken_over_too() -> None:
    shop = with_cart(phones=0)
    shop.do(put(PLAN, 10_00, stocked=True))
    shop.do(Reprice(ANN, default_store_id="main"))
    assert (shop.cart().items[0].stocked, shop.cart().items[0].store_id) == (True, "main")


def take_out_of_the_catalog(shop: Shop, sku: str) -> None:
    del shop.documents[Product.KIND, sku]


def test_a_product_that_is_gone_is_refused_by_name() -> None:
    shop = with_cart()
    shop.do(put("phone", 80_00, stocked=True))
    take_out_of_the_catalog(shop, PLAN)
    refusal = shop.refused(PriceChanged, Reprice(ANN))
    assert refusal.changes == (PriceChange(PLAN, 10_00, None, "EUR"),)
    assert f"Remove what is not sold any more ({PLAN})" in str(refusal)


def test_another_currency_is_refused() -> None:
    shop = with_cart()
    shop.do(put("phone", 100_00, stocked=True, currency="USD"))
    shop.refused(CurrencyConflict, Reprice(ANN))
    take_out_of_the_catalog(shop, PLAN)
    shop.refused(PriceChanged, Reprice(ANN))


def test_who_has_no_cart_or_is_checking_out_takes_nothing_over() -> None:
    open_shop().refused(NotFound, Reprice(ANN))
    shop = begun()
    shop.do(put("phone", 80_00, stocked=True))
    shop.refused(CheckoutInProgress, Reprice(ANN))


def test_a_checkout_names_every_price_that_changed() -> None:
    shop = with_cart()
    shop.do(put("tea", 5))
    shop.do(put("phone", 80_00, stocked=True))
    shop.do(put(PLAN, 10_00, currency="USD"))
    refusal = shop.refused(PriceChanged, BeginCheckout(ANN))
    assert refusal.changes == (
        PriceChange("phone", 100_00, 80_00, "EUR"),
        PriceChange(PLAN, 10_00, None, "EUR"),
    )
    take_out_of_the_catalog(shop, PLAN)
    assert shop.refused(PriceChanged, BeginCheckout(ANN)).changes == refusal.changes


def test_after_taking_them_over_the_checkout_goes_on() -> None:
    shop = with_cart()
    shop.do(put("phone", 80_00, stocked=True))
    shop.refused(PriceChanged, BeginCheckout(ANN))
    shop.do(Reprice(ANN))
    shop.do(BeginCheckout(ANN))
    assert shop.checkout().subtotal == 170_00


def test_a_name_alone_keeps_nobody_from_buying() -> None:
    shop = with_cart()
    shop.do(replace(put(PLAN, 10_00), name="Plan L"))
    shop.do(BeginCheckout(ANN))
    assert shop.checkout().items[1].name == "Plan"
