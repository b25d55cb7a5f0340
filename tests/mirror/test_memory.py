"""What is remembered is bounded, believed for so long, and never of another cart."""

from msgspec.structs import replace

from surestock.cart.model import Cart, ExternalContext, Mirror
from surestock.commerce.port import RemoteCart
from surestock.kit.clock import ManualClock
from surestock.mirror.memory import Looks, RemoteMemory

CLOCK = ManualClock()


def context(token: int) -> ExternalContext:
    return ExternalContext("fake", "R1", {"token": str(token)})


def cart(user: str = "U", token: int | None = None, cart_id: str = "C1") -> Cart:
    now = CLOCK.now()
    mirror = Mirror(context=None if token is None else context(token))
    return Cart(user, cart_id, "EUR", (), 1, now, now, now, mirror)


def test_an_answer_is_believed_for_so_long() -> None:
    clock = ManualClock()
    memory = RemoteMemory(10, 900.0, clock.monotonic)
    memory.believe(cart(), RemoteCart(context(1)))
    clock.advance(899)
    assert memory.find(cart()) == RemoteCart(context(1))
    clock.advance(1)
    assert memory.find(cart()) is None
    assert memory.context_of(cart()) == context(1)


def test_an_answer_under_way_is_not_believed_but_its_context_is_the_newest() -> None:
    memory = RemoteMemory(10, 900.0, CLOCK.monotonic)
    memory.believe(cart(token=1), RemoteCart(context(2)))
    memory.doubt(cart(token=1))
    assert memory.find(cart(token=1)) is None
    memory.learn(cart(token=1), RemoteCart(context(3)))
    assert memory.find(cart(token=1)) is None
    assert memory.context_of(cart(token=1)) == context(3)
    assert memory.renewed("U", context(1)) == context(3)


def test_a_context_that_somebody_else_recorded_is_newer() -> None:
    memory = RemoteMemory(10, 900.0, CLOCK.monotonic)
    memory.believe(cart(token=1), RemoteCart(context(2)))
    assert memory.find(cart(token=2)) is not None
    assert memory.find(cart(token=7)) is None
    assert memory.context_of(cart(token=7)) == context(7)


def test_nothing_is_known_of_another_cart_of_the_user() -> None:
    memory = RemoteMemory(10, 900.0, CLOCK.monotonic)
    memory.believe(cart(), RemoteCart(context(2)))
    later = cart(cart_id="C2")
    assert memory.find(later) is None
    assert memory.context_of(later) is None
    other = replace(context(1), external_cart_id="R9")
    assert memory.renewed("U", other) == other
    memory.forget("U")
    assert memory.context_of(cart()) is None


def test_only_so_many_carts_are_remembered_and_the_newest_of_them() -> None:
    memory = RemoteMemory(2, 900.0, CLOCK.monotonic)
    for user in ("U", "V", "U", "W"):
        memory.believe(cart(user), RemoteCart(context(1)))
    assert len(memory) == 2
    assert memory.find(cart("V")) is None
    assert memory.find(cart("U")) is not None


def test_only_so_many_looks_are_remembered_and_the_newest_of_them() -> None:
    clock = ManualClock()
    looks = Looks(2, clock.now)
    clock.advance(10)
    for user in ("U", "V", "U", "W"):
        looks.note(user)
    assert len(looks) == 2
    assert looks.after(cart("V")) is None
    assert looks.after(cart("U")) == clock.now()


def test_a_look_counts_only_when_it_is_later_than_what_is_recorded() -> None:
    clock = ManualClock()
    looks = Looks(2, clock.now)
    clock.advance(10)
    looks.note("U")
    assert looks.after(cart("U")) == clock.now()
    assert looks.after(replace(cart("U"), accessed_at=clock.now())) is None
