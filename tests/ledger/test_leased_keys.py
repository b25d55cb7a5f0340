"""What no other process may change while a command is decided: said of each command on purpose."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest
from msgspec.structs import replace

from surestock.cart import commands as cart
from surestock.cart.model import Cart, ExternalContext, Failure, Item, Order, Product
from surestock.engine.state import State, TimedView
from surestock.engine.timers import Timers
from surestock.inventory import commands as stock
from surestock.inventory.model import Level, Line, Reservation, StockKey
from surestock.ledger.command import Command
from surestock.ledger.keys import keys_of, leased_keys

NOW = datetime(2026, 1, 1, tzinfo=UTC)
APPLE, PEAR, PHONE = ("s1", "apple"), ("s2", "pear"), ("s1", "phone")
ANNS = ("#cart", "ann")
CONTEXT = ExternalContext("there", "cart-1")
ORDER = Order("o1", "1001", 100, "EUR")


def held(reservation_id: str, *keys: StockKey, due: bool = False) -> Reservation:
    lines = tuple(Line(store_id, sku, 1) for store_id, sku in keys)
    return Reservation(reservation_id, lines, "active", NOW - timedelta(1) if due else None)


def product(sku: str, *, stocked: bool) -> Product:
    return Product(sku, sku, "device", 100, "EUR", stocked, 1, NOW)


@pytest.fixture
def view() -> TimedView:
    """Two reservations, one of which is due; a cart of a stocked product and one that is not."""
    state = State()
    phone = Item("phone", "Phone", "device", 1, 100, stocked=True, store_id="s1")
    items = (phone, Item("plan", "Plan", "plan", 1, 100))
    reservations = [held("r1", APPLE, PEAR), held("due", APPLE, ("s3", "fig"), due=True)]
    levels = [Level(*key, 9, 0, 1, NOW) for key in (APPLE, PEAR, PHONE, ("s3", "fig"))]
    state.load(
        sorted(levels, key=lambda level: level.key),
        reservations,
        [
            product("phone", stocked=True),
            product("plan", stocked=False),
            Cart("ann", "cart-1", "EUR", items, 1, NOW, NOW, NOW),
        ],
    )
    timers = Timers(state.reservation)
    timers.add_all(reservations)
    return TimedView(state, timers)


LEASED: list[tuple[Command, set[StockKey]]] = [
    (stock.CountStock(*APPLE, 5), {APPLE}),
    (stock.AdjustStock(*APPLE, -1), {APPLE}),
    (stock.ReserveStock(*APPLE, 1), {APPLE}),
    (
        stock.MakeReservation(
            (stock.ExpectedLine(Line(*APPLE, 1)), stock.ExpectedLine(Line(*PEAR, 1)))
        ),
        {APPLE, PEAR},
    ),
    (stock.CommitReservation("r1"), {APPLE, PEAR}),
    (stock.ReleaseReservation("r1"), {APPLE, PEAR}),
    (stock.ExtendReservation("r1", 60), {APPLE, PEAR}),
    (cart.PutProduct("phone", "Phone", "device", 1, "EUR", stocked=True), {("#product", "phone")}),
    (cart.AddItem("ann", "phone", 1), {ANNS}),
    (cart.SetItemQuantity("ann", "phone", 2), {ANNS}),
    (cart.RemoveItem("ann", "phone"), {ANNS}),
    (cart.DropCart("ann"), {ANNS}),
    (cart.Reprice("ann"), {ANNS}),
    (cart.BeginCheckout("ann"), {ANNS, PHONE}),
]
"""What clients ask for, and what they lease then."""

BY_ITSELF: list[Command] = [
    stock.ExpireReservations(*APPLE),
    cart.NoteMirror("ann", "cart-1", CONTEXT),
    cart.BeginPlacing("ann", "r1", CONTEXT),
    cart.CompleteCheckout("ann", "r1", ORDER),
    cart.FailCheckout("ann", "r1", Failure("declined", "No.")),
    cart.DoubtCheckout("ann", "r1", "nobody answered"),
    cart.RepeatCheckout("ann", "r1"),
    cart.CloseCart("ann", "cart-1"),
    cart.ForgetCheckout("ann", "r1"),
]
"""What the service does by itself: it has no client that could be told to try again."""


def _name(command: object) -> str:
    return type(command).__name__ if isinstance(command, get_args(Command)) else ""


def test_every_command_that_there_is_was_decided_about() -> None:
    decided = [type(command) for command, _ in LEASED] + [type(command) for command in BY_ITSELF]
    assert len(decided) == len(set(decided))
    assert set(decided) == set(get_args(Command))


@pytest.mark.parametrize(("command", "leased"), LEASED, ids=_name)
def test_a_client_s_command_leases_what_it_changes(
    view: TimedView, command: Command, leased: set[StockKey]
) -> None:
    assert leased_keys(view, command) == leased


@pytest.mark.parametrize("command", BY_ITSELF, ids=_name)
def test_the_service_itself_waits_for_its_turn_and_is_never_refused(
    view: TimedView, command: Command
) -> None:
    assert leased_keys(view, command) == set()


@pytest.mark.parametrize(("command", "leased"), LEASED, ids=_name)
def test_what_is_leased_is_locked_in_the_process_too(
    view: TimedView, command: Command, leased: set[StockKey]
) -> None:
    assert leased <= set(keys_of(view, command, NOW))


def test_the_levels_of_what_is_due_are_locked_and_not_leased(view: TimedView) -> None:
    command = stock.ReserveStock(*APPLE, 1)
    assert ("s3", "fig") in keys_of(view, command, NOW)
    assert leased_keys(view, command) == {APPLE}


def test_a_reservation_that_nobody_knows_needs_no_lease(view: TimedView) -> None:
    assert leased_keys(view, stock.ReleaseReservation("nobody's")) == set()


def test_a_checkout_of_no_cart_leases_the_cart_alone(view: TimedView) -> None:
    assert leased_keys(view, cart.BeginCheckout("bob")) == {("#cart", "bob")}


def test_an_item_without_a_store_is_leased_where_it_would_be_taken_from(view: TimedView) -> None:
    found = view.document(ANNS)
    assert isinstance(found, Cart)
    items = tuple(replace(item, store_id=None) for item in found.items)
    state = State()
    state.keep([product("phone", stocked=True), replace(found, items=items)])
    command = cart.BeginCheckout("ann", default_store_id="s9")
    assert leased_keys(TimedView(state, Timers(state.reservation)), command) == {
        ANNS,
        ("s9", "phone"),
    }
