"""A cart's guest stays the same shopper, though tokens end, rotate, and get lost on the way."""

from contextlib import suppress

import pytest
from msgspec.structs import replace

from surestock.cart.model import ExternalContext
from surestock.commerce.conformance.shopper import Shopper
from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    CommerceError,
    Conflict,
    RateLimited,
    Unavailable,
)
from tests.commerce.salesforce.fake.guests import LASTS_S
from tests.commerce.salesforce.fake.server import instead, lost
from tests.commerce.salesforce.fake.wire import Answer, document, problem
from tests.commerce.salesforce.lab import PHONE, SalesforceLab

TOKEN = r"POST .*/oauth2/token"


async def ended(lab: SalesforceLab) -> Shopper:
    """Give a shopper whose access token is over."""
    shopper = await Shopper.enter(lab, {0: 1})
    lab.fake.guests.access.clear()
    lab.clock.advance(LASTS_S)
    lab.fake.guests.grants.clear()
    return shopper


async def test_a_token_that_ends_is_renewed_before_it_is_used(lab: SalesforceLab) -> None:
    shopper = await ended(lab)
    lab.fake.heard.clear()
    await shopper.look()
    assert [line.rpartition("/")[2] for line in lab.fake.heard[:1]] == ["token"]
    assert len(lab.fake.heard) == 2
    assert shopper.quantities == {PHONE.sku: 1}


async def test_the_new_context_carries_the_token_that_took_the_place_of_the_void_one(
    lab: SalesforceLab,
) -> None:
    shopper = await ended(lab)
    old = shopper.context.secrets["refresh_token"]
    await shopper.look()
    assert old not in lab.fake.guests.refresh
    assert shopper.context.secrets["refresh_token"] in lab.fake.guests.refresh


async def test_a_private_client_keeps_its_refresh_token(lab: SalesforceLab) -> None:
    lab.provider = lab.private()
    shopper = await ended(lab)
    old = shopper.context.secrets["refresh_token"]
    await shopper.look()
    assert shopper.context.secrets["refresh_token"] == old
    assert lab.fake.guests.grants == ["refresh_token"]


async def test_a_token_that_is_turned_away_in_the_middle_is_renewed_once(
    lab: SalesforceLab,
) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    lab.fake.guests.access.clear()
    await shopper.hold(PHONE, 3)
    assert shopper.quantities == {PHONE.sku: 3}


async def test_who_is_turned_away_with_a_new_token_too_is_not_let_in(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    for _ in range(2):
        lab.fake.meet("GET .*/baskets/", instead(problem(401, "invalid-access-token")))
    with pytest.raises(Unavailable, match="let us in"):
        await shopper.look()
    assert lab.fake.guests.grants.count("refresh_token") == 1


async def test_tokens_of_a_verb_that_failed_are_not_lost(lab: SalesforceLab) -> None:
    shopper = await ended(lab)
    lab.fake.meet("GET .*/baskets/", instead(Answer(503)))
    with pytest.raises(Unavailable):
        await shopper.look()
    await shopper.look()
    assert lab.fake.guests.grants == ["refresh_token"]


async def test_tokens_that_changed_while_placing_still_find_the_order(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    request = shopper.request("att-1")
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    lab.fake.guests.access.clear()
    order = await lab.provider.place_order(shopper.context, request)
    lab.clock.advance(LASTS_S)
    assert await lab.provider.find_order(shopper.context, "att-1") == order
    assert await lab.count_orders("att-1") == 1


async def test_a_process_that_has_only_a_void_token_signs_in_as_the_same_guest(
    lab: SalesforceLab,
) -> None:
    shopper = await ended(lab)
    context = shopper.context
    await shopper.look()
    lab.clock.advance(LASTS_S)
    cart = await lab.restarted().read_cart(context)
    assert cart.context.secrets["customer_id"] == context.secrets["customer_id"]
    assert {line.sku for line in cart.lines} == {PHONE.sku}


async def test_tokens_whose_answer_got_lost_are_made_anew(lab: SalesforceLab) -> None:
    shopper = await ended(lab)
    lab.fake.meet(TOKEN, lost)
    with pytest.raises(Unavailable):
        await shopper.look()
    await shopper.look()
    assert shopper.quantities == {PHONE.sku: 1}


async def test_a_guest_who_became_another_customer_has_no_cart(lab: SalesforceLab) -> None:
    shopper = await ended(lab)
    lab.fake.guests.forgets = True
    with pytest.raises(CartExpired):
        await shopper.look()


async def test_a_guest_who_became_another_customer_says_nothing_about_orders(
    lab: SalesforceLab,
) -> None:
    shopper = await ended(lab)
    lab.fake.guests.forgets = True
    with pytest.raises(Conflict, match="no orders any more"):
        await lab.provider.find_order(shopper.context, "att-1")


@pytest.mark.parametrize("slug", ["invalid-customer", "invalid-access-token"])
async def test_a_guest_whose_orders_are_not_shown_says_nothing_about_them(
    slug: str, lab: SalesforceLab
) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    lab.fake.guests.forgets = True
    status = 400 if slug == "invalid-customer" else 401
    lab.fake.meet("GET .*/orders$", instead(problem(status, slug)))
    with pytest.raises(Conflict, match="no orders any more"):
        await lab.provider.find_order(shopper.context, "att-1")


async def test_who_cannot_sign_in_has_surely_not_ordered(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    request = shopper.request("att-1")
    shopper.cart = await lab.provider.prepare_checkout(shopper.context, request)
    lab.fake.guests.access.clear()
    lab.fake.meet(TOKEN, instead(Answer(503)))
    with pytest.raises(Unavailable):
        await lab.provider.place_order(shopper.context, request)
    assert await lab.count_orders("att-1") == 0


async def test_preparing_leaves_a_token_that_lasts_for_placing(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab, {0: 1})
    lab.clock.advance(LASTS_S - 300)
    lab.fake.guests.grants.clear()
    order = await shopper.order(shopper.request("att-1"))
    assert order.state == "placed"
    assert lab.fake.guests.grants == ["refresh_token"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(429, headers={"retry-after": "7"}), RateLimited),
        (Answer(503), Unavailable),
        (problem(401, "invalid-client"), Unavailable),
        (document(200, {"access_token": 7}), BadAnswer),
        (Answer(200, b"\xff"), BadAnswer),
    ],
)
async def test_slas_that_lets_nobody_in_opens_no_cart(
    answer: Answer, error: type[CommerceError], lab: SalesforceLab
) -> None:
    lab.fake.meet(TOKEN, instead(answer))
    with pytest.raises(error):
        await lab.provider.open_cart("EUR", "cart-1")
    assert not lab.fake.shop.baskets


@pytest.mark.parametrize("secrets", [{}, {"usid": "u"}, {"expires_at_s": "soon"}])
async def test_secrets_that_are_none_of_ours_are_an_expired_cart(
    secrets: dict[str, str], lab: SalesforceLab
) -> None:
    with pytest.raises(CartExpired):
        await lab.provider.read_cart(ExternalContext("salesforce", "basket-1", secrets))
    assert not lab.fake.heard


async def test_another_guests_basket_is_no_cart_of_this_one(lab: SalesforceLab) -> None:
    one, other = await Shopper.enter(lab, {0: 1}), await Shopper.enter(lab)
    mixed = replace(other.context, external_cart_id=one.context.external_cart_id)
    with pytest.raises(CartExpired):
        await lab.provider.read_cart(mixed)


async def test_no_error_shows_a_token(lab: SalesforceLab) -> None:
    shopper = await Shopper.enter(lab)
    secret = shopper.context.secrets["access_token"]
    for answer in (problem(400, secret), problem(400, f"a {secret}"), Answer(418, secret.encode())):
        lab.fake.meet("GET .*/baskets/", instead(answer))
        with suppress(CartExpired), pytest.raises(CommerceError) as raised:
            await shopper.look()
        assert secret not in str(raised.value)
