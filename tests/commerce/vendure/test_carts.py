"""What Vendure does with carts that no platform should, and that nobody gets to see.

It opens another order when it does not know a token, it gives a part of what is asked for, and it
adds instead of setting.
"""

import httpx
import pytest

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import CartExpired, Conflict, InsufficientStock
from surestock.commerce.providers.vendure.shop import TOKEN
from tests.commerce.vendure.bench import VendureLab, article, provider
from tests.commerce.vendure.shop import CURRENCY, PRODUCTS, SCARCE

pytestmark = pytest.mark.timeout(900)  # a first run installs the shop

_ADD = '{"query": "mutation { addItemToOrder(productVariantId: 1, quantity: 1) { __typename } }"}'


def orders_in(lab: VendureLab) -> int:
    ((count,),) = lab.shop.rows('SELECT count(*) FROM "order"')
    return int(count or 0)


async def test_no_order_is_opened_behind_an_expired_session(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    await lab.expire(shopper.context)
    before = orders_in(lab)
    for verb in (
        shopper.look(),
        shopper.hold(lab.articles[0], 2),
        shopper.hold(lab.articles[1], 1),
    ):
        with pytest.raises(CartExpired):
            await verb
    with pytest.raises(CartExpired):
        await lab.provider.prepare_checkout(shopper.context, shopper.request("attempt-expired"))
    assert orders_in(lab) == before


async def test_a_token_that_never_was_and_none_at_all_are_expired(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    for secrets in ({TOKEN: "deadbeef"}, {}):
        context = ExternalContext("vendure", shopper.context.external_cart_id, secrets)
        with pytest.raises(CartExpired):
            await lab.provider.read_cart(context)


async def test_a_session_whose_order_is_gone_is_expired(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    lab.shop.ask("close", shopper.context.external_cart_id)
    with pytest.raises(CartExpired):
        await shopper.look()


async def test_another_order_in_the_same_session_is_not_ours(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    lab.shop.ask("close", shopper.context.external_cart_id)
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.post(
            f"{lab.shop.url}/shop-api",
            content=_ADD,
            headers={
                "authorization": f"Bearer {shopper.context.secrets[TOKEN]}",
                "content-type": "application/json",
            },
        )
    assert "Order" in answer.text
    for verb in (shopper.look(), shopper.hold(lab.articles[0], 2)):
        with pytest.raises(CartExpired):
            await verb


async def test_what_was_given_in_part_is_told_and_seen(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    rare = article(SCARCE)
    for _ in range(2):  # the first adds a line, the second adjusts it
        with pytest.raises(InsufficientStock) as raised:
            await shopper.hold(rare, SCARCE.stock + 7)
        assert raised.value.available == SCARCE.stock
        await shopper.look()
        assert shopper.quantities == {lab.articles[0].sku: 1, rare.sku: SCARCE.stock}


async def test_a_waiting_order_is_changed_by_taking_it_back(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1, 1: 1})
    await lab.provider.prepare_checkout(shopper.context, shopper.request("attempt-waiting"))
    line = shopper.find_line(lab.articles[1].sku)
    assert line is not None
    await shopper.drop(line)
    assert shopper.quantities == {lab.articles[0].sku: 1}


async def test_prices_before_tax_are_told_when_the_catalog_has_those(lab: VendureLab) -> None:
    net = provider(lab.shop, prices="net")
    cart = await net.open_cart(CURRENCY, "cart-net")
    cart = await net.set_quantity(cart.context, article(PRODUCTS[0], "net"), None)
    assert [line.unit_price for line in cart.lines] == [1000]
    assert cart.total == 1100
    await net.aclose()


async def test_a_currency_that_the_shop_has_not_is_refused(lab: VendureLab) -> None:
    with pytest.raises(Conflict):
        await lab.provider.open_cart("JPY", "cart-yen")


async def test_a_shop_without_the_custom_field_refuses_the_first_cart(lab: VendureLab) -> None:
    """Not the first order: nobody could tell any more whether it was placed."""
    other = provider(lab.shop, attempt_field="noSuchField")
    with pytest.raises(Conflict, match="GRAPHQL_VALIDATION_FAILED"):
        await other.open_cart(CURRENCY, "cart-without-field")
    await other.aclose()


async def test_a_closed_cart_is_no_cart_and_a_waiting_order_is_left_alone(lab: VendureLab) -> None:
    shopper = await lab.shopper({0: 1})
    await lab.provider.prepare_checkout(shopper.context, shopper.request("attempt-left"))
    await lab.provider.close_cart(shopper.context)
    await shopper.look()
    await shopper.hold(lab.articles[0], 2)
    await lab.provider.close_cart(shopper.context)
    with pytest.raises(CartExpired):
        await shopper.look()
