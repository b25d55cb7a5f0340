"""What is let go of, and when; and what never is, however old it gets."""

from datetime import timedelta

import pytest

from surestock.cart.commands import AddItem
from surestock.cart.model import Cart, Order
from surestock.checkout import reaper
from surestock.checkout.ask import PersonsWord
from surestock.checkout.errors import CheckoutFailed, CheckoutResolved
from surestock.checkout.steps.place import MOST_ABSENT
from surestock.commerce.errors import BadAnswer, Unavailable
from tests.checkout.broken import fails_what_is_stuck
from tests.checkout.shop import PLAN, STOCK, TestShop

DAY_S = 24 * 3600.0


@pytest.fixture
async def shop() -> TestShop:
    """A stocked shop with a cart of ann's."""
    made = TestShop()
    await made.stock_up()
    await made.fill()
    return made


async def test_an_idle_cart_is_dropped_after_a_day_and_a_used_one_is_not(shop: TestShop) -> None:
    shop.advance(DAY_S - 60)
    await shop.fill("bob")
    shop.mirrors.seen("eve")
    await shop.desk.reaper.sweep()
    assert await shop.cart() is not None
    shop.advance(61)
    await shop.desk.reaper.sweep()
    assert await shop.cart() is None
    assert await shop.cart("bob") is not None


async def test_a_cart_whose_user_looked_is_not_idle(shop: TestShop) -> None:
    shop.advance(DAY_S - 60)
    shop.mirrors.seen("ann")
    shop.advance(61)
    await shop.desk.reaper.sweep()
    assert await shop.cart() is not None


async def test_a_cart_that_is_used_after_it_was_listed_is_not_dropped(
    shop: TestShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.advance(DAY_S + 1)
    lists = shop.engine.list_documents

    async def list_and_use(kind: str, after: str, limit: int) -> object:
        page = await lists(kind, after, limit)
        if kind == Cart.KIND and page:
            await shop.do(AddItem("ann", PLAN, 1))
        return page

    monkeypatch.setattr(shop.engine, "list_documents", list_and_use)
    await shop.desk.reaper.sweep()
    cart = await shop.cart()
    assert cart is not None
    assert [item.qty for item in cart.items] == [1, 2]


async def test_a_user_whose_turn_somebody_has_is_passed_by_and_swept_the_next_time(
    shop: TestShop,
) -> None:
    shop.advance(DAY_S + 1)
    async with shop.queue.turn("ann"):
        await shop.desk.reaper.sweep()
        assert await shop.cart() is not None
    await shop.desk.reaper.sweep()
    assert await shop.cart() is None


async def test_a_failed_checkout_is_forgotten_after_an_hour(shop: TestShop) -> None:
    async with shop.at_work():
        await shop.refused(CheckoutFailed, method="declined")
    shop.advance(3599)
    await shop.desk.reaper.sweep()
    assert (await shop.checkout()).status == "failed"
    shop.advance(2)
    await shop.desk.reaper.sweep()
    assert await shop.shop.find_checkout("ann") is None


async def test_a_completed_checkout_is_kept_for_a_day_and_its_cart_not_at_all(
    shop: TestShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def leaves_it(*_: object) -> bool:
        return False

    with monkeypatch.context() as patch:
        patch.setattr("surestock.checkout.saga.clean", leaves_it)
        async with shop.at_work():
            await shop.buy()
    assert await shop.cart() is not None
    await shop.desk.reaper.sweep()
    assert await shop.cart() is None
    assert (await shop.checkout()).status == "completed"
    shop.advance(DAY_S + 1)
    await shop.desk.reaper.sweep()
    assert await shop.shop.find_checkout("ann") is None


async def stuck_for_weeks(shop: TestShop) -> None:
    """Lose an answer to a platform that is away for three weeks, then let it come back."""
    shop.provider.script.lose_answer()
    shop.provider.script.fail("find_order", lambda: Unavailable("gone"), times=4)
    async with shop.at_work():
        assert (await shop.buy(key="k-1")).status == "unknown"
    shop.provider.script.down = True
    for _ in range(21):
        shop.advance(DAY_S)
        await shop.desk.reaper.sweep()
        await shop.desk.recovery.ask("ann")
        assert (await shop.checkout()).status == "unknown"
        assert (await shop.level()).reserved == 1
    assert shop.shop.figures.stuck == 1
    shop.provider.script.down = False
    async with shop.at_work():
        assert (await shop.buy(key="k-1")).status == "completed"
    assert shop.orders == 1
    assert (await shop.level()).on_hand == STOCK - 1


async def test_a_stuck_checkout_is_never_failed_by_its_age(shop: TestShop) -> None:
    await stuck_for_weeks(shop)


async def test_a_recovery_that_fails_what_is_stuck_is_caught(
    shop: TestShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails_what_is_stuck(monkeypatch)
    with pytest.raises(AssertionError):
        await stuck_for_weeks(shop)


async def test_an_attempt_that_may_turn_up_is_kept_while_its_cart_is(shop: TestShop) -> None:
    shop.provider.script.lose_request()
    async with shop.at_work():
        await shop.buy()
        shop.advance(31)
        await shop.refused(CheckoutFailed)
    shop.advance(2 * 3600)
    await shop.desk.reaper.sweep()
    assert len((await shop.checkout()).absent) == 1


async def test_one_defect_does_not_end_a_sweep(
    shop: TestShop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.fill("bob")
    is_over = reaper.Reaper._is_idle  # noqa: SLF001 - there is no other way to break one cart
    broken = {"ann"}

    def breaks(self: reaper.Reaper, cart: object) -> bool:
        if getattr(cart, "user_id", None) in broken:
            raise RuntimeError("a defect")
        return is_over(self, cart)  # type: ignore[arg-type]

    monkeypatch.setattr(reaper.Reaper, "_is_idle", breaks)
    shop.advance(DAY_S + 1)
    await shop.desk.reaper.sweep()
    assert await shop.cart("bob") is None
    assert any(b"defect" in line for line in shop.lines)


async def test_a_person_ends_what_the_platform_cannot_tell(shop: TestShop) -> None:
    shop.provider.script.lose_answer()
    shop.provider.script.fail("find_order", times=50)
    async with shop.at_work():
        await shop.buy(key="k-1")
        attempt_id = (await shop.checkout()).attempt.attempt_id
        order = Order("o-1", "S1", 51899, "EUR")
        told = PersonsWord("ann", attempt_id, order, "seen", "boss", "r-1")
        assert (await shop.desk.resolve(told)).status == "completed"
        with pytest.raises(CheckoutResolved):
            await shop.desk.resolve(told)
        assert (await shop.buy(key="k-1")).status == "completed"
    assert (await shop.level()).on_hand == STOCK - 1


async def test_a_person_who_is_wrong_causes_no_second_order(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=20)
    async with shop.at_work():
        await shop.buy()
        attempt_id = (await shop.checkout()).attempt.attempt_id
        await shop.desk.resolve(
            PersonsWord("ann", attempt_id, None, "nothing there", "boss", "r-1")
        )
        assert (await shop.level()).reserved == 0
        shop.advance(timedelta(minutes=1).total_seconds())
        assert (await shop.buy()).status == "completed"
    assert shop.orders == 1


async def test_an_answer_that_makes_no_sense_is_a_doubt(shop: TestShop) -> None:
    shop.provider.script.fail("place_order", lambda: BadAnswer("noise"), carried_out=True)
    async with shop.at_work():
        assert (await shop.buy()).status == "completed"
    assert shop.orders == 1


async def give_up(shop: TestShop) -> None:
    """Lose an order on its way, and wait until it is sure that there is none."""
    shop.provider.script.lose_request()
    await shop.buy()
    shop.advance(31)
    assert (await shop.refused(CheckoutFailed)).failure.code == "ProviderError"


async def test_a_cart_of_which_too_many_orders_were_lost_is_not_ordered_again(
    shop: TestShop,
) -> None:
    async with shop.at_work():
        for _ in range(MOST_ABSENT):
            await give_up(shop)
        assert (await shop.refused(CheckoutFailed)).failure.code == "ProviderConflict"
    assert shop.provider.script.calls["place_order"] == MOST_ABSENT


async def test_no_order_follows_one_that_was_asked_for_at_another_platform(shop: TestShop) -> None:
    async with shop.at_work():
        await give_up(shop)
        shop.provider.name = "another"
        assert (await shop.refused(CheckoutFailed)).failure.code == "ProviderConflict"
    assert shop.provider.script.calls["place_order"] == 1


async def test_an_order_in_doubt_at_another_platform_is_a_persons_to_end(shop: TestShop) -> None:
    shop.provider.script.accept_late(seconds=20)
    async with shop.at_work():
        await shop.buy()
        shop.provider.name = "another"
        shop.advance(3600)
        assert (await shop.buy()).status == "unknown"
        checkout = await shop.checkout()
        assert checkout.why_unknown is not None
        assert "not the platform in use" in checkout.why_unknown
        attempt_id = checkout.attempt.attempt_id
        await shop.desk.resolve(
            PersonsWord("ann", attempt_id, None, "cancelled there", "boss", "r-1")
        )
    assert (await shop.level()).reserved == 0
