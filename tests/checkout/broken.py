"""Checkouts as they are often written. Each is caught by an attack of these tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from msgspec.structs import replace

from surestock.cart.commands import FailCheckout
from surestock.cart.model import Checkout, ExternalContext, Failure, Order
from surestock.checkout import recovery, resolution, saga
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd
from surestock.checkout.desk import CheckoutDesk
from surestock.checkout.joined import Joined, Keys
from surestock.checkout.resolution import Absences
from surestock.checkout.run import Run
from surestock.checkout.shop import Shop
from surestock.checkout.standing import Standing
from surestock.checkout.steps import place as placing
from surestock.checkout.steps import settle
from surestock.commerce.errors import OutcomeUnknown
from surestock.commerce.port import OrderRequest, PlacedOrder
from surestock.inventory.commands import AdjustStock
from surestock.mirror.queue import UserQueue


def places_again_when_no_answer_comes(patch: pytest.MonkeyPatch) -> None:
    """Take silence for a no."""

    async def place(
        shop: Shop, user_id: str, context: ExternalContext, request: OrderRequest
    ) -> PlacedOrder:
        try:
            return await placing.place(shop, user_id, context, request)
        except OutcomeUnknown:
            return await placing.place(shop, user_id, context, request)

    patch.setattr(saga, "place", place)


def fails_what_is_stuck(patch: pytest.MonkeyPatch) -> None:
    """End what has been open for five minutes, as the first sketch of the service did."""
    asks = resolution.find_out

    async def find_out(
        shop: Shop, absences: Absences, checkout: Checkout
    ) -> Checkout | CheckoutEnd:
        if shop.clock.now() - checkout.attempt.started_at > timedelta(minutes=5):
            why = Failure("ProviderError", "It took too long.")
            await shop.record(FailCheckout(checkout.user_id, checkout.attempt.attempt_id, why))
            return await shop.get_checkout(checkout.user_id)
        return await asks(shop, absences, checkout)

    patch.setattr(recovery, "find_out", find_out)


def announces_nothing(patch: pytest.MonkeyPatch) -> None:
    """Place the order first, and record where afterwards, if at all."""

    async def announce(_: Shop, checkout: Checkout, context: ExternalContext) -> Checkout:
        return replace(checkout, attempt=replace(checkout.attempt, context=context))

    patch.setattr(saga, "announce", announce)


def completes_in_two_records(patch: pytest.MonkeyPatch) -> None:
    """Let go of the reservation, and then take the stock."""
    completes = settle.complete

    async def complete(
        shop: Shop,
        checkout: Checkout,
        placed: PlacedOrder | Order,
        actor: str = "surestock",
        request_id: str = "checkout",
    ) -> CheckoutEnd:
        for item in checkout.items:
            if item.stocked:
                await shop.record(AdjustStock("online", item.sku, -item.qty))
        end = await completes(shop, checkout, placed, actor, request_id)
        for item in checkout.items:
            if item.stocked:
                await shop.record(AdjustStock("online", item.sku, item.qty))
        return end

    patch.setattr(saga, "complete", complete)


BROKEN = (
    places_again_when_no_answer_comes,
    announces_nothing,
    completes_in_two_records,
)
"""Those that are caught when something happens at each point of a checkout."""


def answers_only_the_key_that_began(patch: pytest.MonkeyPatch) -> None:
    """Record the end for one key, whoever else was told of it."""

    async def settle(_: Joined, __: Shop, ___: str, keys: Keys) -> None:
        keys.clear()

    patch.setattr(Joined, "settle", settle)


def serves_each_click_by_itself(patch: pytest.MonkeyPatch) -> None:
    """Let whoever comes ask and record, also while somebody else places the order."""

    @asynccontextmanager
    async def turn(_: UserQueue, __: str) -> AsyncIterator[None]:
        yield

    begins = CheckoutDesk._begin  # noqa: SLF001 - it is what joins

    def begin(self: CheckoutDesk, ask: CheckoutAsk, standing: Standing) -> Run:
        run = begins(self, ask, standing)
        self._running.clear()
        return run

    patch.setattr(UserQueue, "turn", turn)
    patch.setattr(CheckoutDesk, "_begin", begin)


def believes_the_first_none(patch: pytest.MonkeyPatch) -> None:
    """Take an order that is not found for one that was not placed."""
    patch.setattr(Absences, "none_found", lambda *_: float("inf"))
    patch.setattr(saga, "find_earlier", _finds_none)


async def _finds_none(*_: object) -> None:
    """Know of no earlier attempt."""


BROKEN_IN_A_CROWD = (
    places_again_when_no_answer_comes,
    announces_nothing,
    answers_only_the_key_that_began,
    believes_the_first_none,
)
"""Those that are caught by users at random."""
