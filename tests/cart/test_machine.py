"""Whatever is sent, in whatever order: what must hold holds, and the records alone tell all of it.

No order is doubled, nothing is sold that is not there, a frozen cart stays as it is, versions count
records, and nobody is shown what opens the platform's cart.
"""

from collections import Counter

import pytest
from hypothesis import seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from surestock.cart import commands as cmd
from surestock.cart.decide import CART_RULES
from surestock.inventory.commands import CommitReservation, ExtendReservation, ReleaseReservation
from tests.cart.desk import USERS, Desk
from tests.cart.shop import CONTEXT, DECLINED, ORDER, PLAN, put

users = st.sampled_from(USERS)
skus = st.sampled_from(["phone", PLAN, "case"])
versions = st.none() | st.integers(1, 4)
newest = st.sampled_from([-1, -1, -1, -2])
"""Which of the ids seen so far: the last one, or the one before."""

reached: Counter[str] = Counter()


class CartMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.desk = Desk()

    def attempt(self, user_id: str, which: int) -> str:
        checkout = self.desk.current(user_id)
        if which == -1 and checkout is not None:
            return checkout.attempt.attempt_id
        return self.desk.attempts[max(which, -len(self.desk.attempts))]

    @rule(sku=skus, price=st.sampled_from([5, 6]), euro=st.integers(0, 9), stocked=st.booleans())
    def put(self, sku: str, price: int, euro: int, *, stocked: bool) -> None:
        currency = "EUR" if euro else "USD"
        self.desk.send(put(sku, price, stocked=stocked or sku == "phone", currency=currency))

    @rule(user=users, sku=skus, qty=st.integers(1, 4), version=versions)
    def add(self, user: str, sku: str, qty: int, version: int | None) -> None:
        self.desk.send(cmd.AddItem(user, sku, qty, None, version))

    @rule(user=users, qty=st.integers(1, 3))
    def check_out_phones(self, user: str, qty: int) -> None:
        self.desk.send(cmd.AddItem(user, "phone", qty))
        self.desk.send(cmd.BeginCheckout(user))

    @rule(user=users)
    def check_out_nothing(self, user: str) -> None:
        for sku in ("phone", PLAN, "case"):
            self.desk.send(cmd.RemoveItem(user, sku))
        self.desk.send(cmd.BeginCheckout(user))

    @rule(user=users, sku=skus, qty=st.integers(1, 12), version=versions)
    def set_quantity(self, user: str, sku: str, qty: int, version: int | None) -> None:
        self.desk.send(cmd.SetItemQuantity(user, sku, qty, version))

    @rule(user=users, sku=skus, version=versions)
    def remove(self, user: str, sku: str, version: int | None) -> None:
        self.desk.send(cmd.RemoveItem(user, sku, version))

    @rule(user=users, version=versions)
    def drop(self, user: str, version: int | None) -> None:
        self.desk.send(cmd.DropCart(user, version))

    @rule(user=users)
    def reprice(self, user: str) -> None:
        self.desk.send(cmd.Reprice(user))

    @rule(user=users, which=newest, error=st.none() | st.just("No answer."))
    def note(self, user: str, which: int, error: str | None) -> None:
        carts = self.desk.carts
        synced = None if error else 1
        cart_id = carts[max(which, -len(carts))]
        self.desk.send(cmd.NoteMirror(user, cart_id, CONTEXT, synced, error))

    @rule(user=users)
    def begin(self, user: str) -> None:
        self.desk.send(cmd.Reprice(user))
        self.desk.send(cmd.BeginCheckout(user))

    @rule(user=users, which=newest)
    def place(self, user: str, which: int) -> None:
        self.desk.send(cmd.BeginPlacing(user, self.attempt(user, which), CONTEXT))

    @rule(user=users, which=newest)
    def doubt(self, user: str, which: int) -> None:
        self.desk.send(cmd.DoubtCheckout(user, self.attempt(user, which), "?"))

    @rule(user=users, which=newest)
    def complete(self, user: str, which: int) -> None:
        self.desk.send(cmd.CompleteCheckout(user, self.attempt(user, which), ORDER))

    @rule(user=users, which=newest, absent=st.booleans())
    def fail(self, user: str, which: int, *, absent: bool) -> None:
        self.desk.send(cmd.FailCheckout(user, self.attempt(user, which), DECLINED, absent))

    @rule(user=users, which=newest)
    def repeat(self, user: str, which: int) -> None:
        self.desk.send(cmd.RepeatCheckout(user, self.attempt(user, which)))

    @rule(user=users)
    def close(self, user: str) -> None:
        checkout = self.desk.current(user)
        cart_id = "nothing" if checkout is None else checkout.cart_id
        self.desk.send(cmd.CloseCart(user, cart_id))

    @rule(user=users, which=newest)
    def forget(self, user: str, which: int) -> None:
        self.desk.send(cmd.ForgetCheckout(user, self.attempt(user, which)))

    @rule(user=users)
    def fail_and_forget(self, user: str) -> None:
        attempt = self.attempt(user, -1)
        self.desk.send(cmd.FailCheckout(user, attempt, DECLINED, absent=False))
        self.desk.send(cmd.ForgetCheckout(user, attempt))

    @rule(which=newest, how=st.integers(0, 2))
    def meddle(self, which: int, how: int) -> None:
        held = self.desk.attempts[max(which, -len(self.desk.attempts))]
        extend = ExtendReservation(held, 5)
        self.desk.send((CommitReservation(held), ReleaseReservation(held), extend)[how])

    @rule(seconds=st.integers(1, 99))
    def wait(self, seconds: int) -> None:
        self.desk.shop.clock.advance(seconds)

    def teardown(self) -> None:
        shop, again = self.desk.shop, self.desk.replayed()
        assert again.documents == shop.documents
        assert again.levels == shop.levels
        assert again.reservations == shop.reservations
        reached.update(self.desk.done.keys() | self.desk.refused.keys())


def test_what_must_hold_holds_after_any_commands() -> None:
    run_state_machine_as_test(
        CartMachine, settings=settings(max_examples=60, stateful_step_count=60, deadline=None)
    )


@pytest.mark.timeout(600)
def test_every_command_and_every_common_refusal_is_met_on_the_way() -> None:
    """A hundred examples meet all of it as a rule, and what they are depends on the whole run.

    (Hypothesis draws constants of whatever modules were imported.) So there are more of them until
    all of it was met.
    """
    reached.clear()
    refusals = {"ReservationHeld", "CheckoutInProgress", "PriceChanged", "Superseded", "NotFound"}
    refusals |= {"LinesRefused", "CartConflict", "CartEmpty"}
    wanted = {kind.__name__ for kind in CART_RULES} | refusals
    for round_ in range(60):
        machine = seed(round_)(type("SeededMachine", (CartMachine,), {}))
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=100, stateful_step_count=80, deadline=None, database=None
            ),
        )
        if wanted <= set(reached):
            break
    assert wanted - set(reached) == set()
