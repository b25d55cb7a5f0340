"""What may be repeated is, with pauses and an end; and an answer is looked at before it counts."""

import asyncio
from contextlib import suppress
from typing import Any

import pytest
from msgspec import structs

from surestock.commerce.errors import (
    REFUSALS,
    BadAnswer,
    CommerceError,
    ItemNotFound,
    OutcomeUnknown,
    RateLimited,
    Unavailable,
)
from surestock.commerce.observer import OUTCOMES, Verb
from tests.commerce.puppet import CART, CONTEXT, LINE, REPEATED, Act, Rig
from tests.commerce.test_guard_orders import make
from tests.resilience.virtual_loop import VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Time passes at once."""
    return "asyncio", {"loop_factory": VirtualLoop}


async def _silence() -> None:
    await asyncio.Event().wait()


@pytest.mark.parametrize("verb", REPEATED)
async def test_a_shaky_platform_is_asked_again(verb: Verb) -> None:
    rig = Rig(Unavailable("one"), OutcomeUnknown("two"))
    await rig.call(verb)
    assert rig.puppet.calls == [verb] * 3
    assert rig.notes.outcomes == ["Unavailable", "OutcomeUnknown", "ok"]


@pytest.mark.parametrize("verb", REPEATED)
@pytest.mark.parametrize("kind", [Unavailable, OutcomeUnknown])
async def test_it_is_asked_three_times_at_the_most(verb: Verb, kind: type[CommerceError]) -> None:
    rig = Rig(*[kind("down") for _ in range(9)])
    with pytest.raises(Unavailable, match="down"):
        await rig.call(verb)
    assert rig.puppet.calls == [verb] * 3
    assert len(rig.pauses) == 2


@pytest.mark.parametrize("kind", [*REFUSALS, BadAnswer])
async def test_a_definite_answer_is_not_asked_for_again(kind: type[CommerceError]) -> None:
    rig = Rig(make(kind))
    with pytest.raises(kind):
        await rig.call("read_cart")
    assert rig.puppet.calls == ["read_cart"]


async def test_a_platform_that_takes_no_more_is_given_its_pause() -> None:
    rig = Rig(RateLimited(2))
    await rig.call("read_cart")
    assert len(rig.pauses) == 1
    assert rig.pauses[0] >= 2


@pytest.mark.parametrize("error", [RateLimited(3), Unavailable("maintenance", 30)])
async def test_a_long_pause_is_the_callers(error: RateLimited | Unavailable) -> None:
    rig = Rig(error)
    with pytest.raises(type(error)) as raised:
        await rig.call("read_cart")
    assert raised.value is error
    assert rig.puppet.calls == ["read_cart"]


async def test_a_slow_platform_is_not_asked_again() -> None:
    rig = Rig(_silence)
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(Unavailable):
        await rig.call("set_quantity")
    assert loop.time() - started == pytest.approx(5)
    assert rig.puppet.calls == ["set_quantity"]
    assert rig.notes.outcomes == ["too_slow"]


@pytest.mark.parametrize("error", [RuntimeError("s3cret"), TimeoutError("s3cret"), KeyError("s")])
async def test_a_defect_of_the_provider_is_a_bad_answer_and_told_by_its_type(
    error: Exception,
) -> None:
    rig = Rig(error)
    with pytest.raises(BadAnswer) as raised:
        await rig.call("read_cart")
    assert "s3cret" not in str(raised.value)
    assert rig.notes.defects == [f"read_cart {type(error).__name__}"]


_BAD_CARTS: list[Act] = [
    None,
    {"lines": []},
    structs.replace(CART, lines=[LINE]),
    structs.replace(CART, lines=("line",)),
    structs.replace(CART, lines=(LINE, LINE)),
    structs.replace(CART, lines=tuple(structs.replace(LINE, sku=f"s{n}") for n in range(1001))),
    structs.replace(CART, lines=(structs.replace(LINE, qty=-1),)),
    structs.replace(CART, lines=(structs.replace(LINE, qty=1.5),)),
    structs.replace(CART, lines=(structs.replace(LINE, qty=True),)),
    structs.replace(CART, lines=(structs.replace(LINE, qty=2**53),)),
    structs.replace(CART, lines=(structs.replace(LINE, sku="a\x00b"),)),
    structs.replace(CART, lines=(structs.replace(LINE, line_id=""),)),
    structs.replace(CART, lines=(structs.replace(LINE, unit_price=1.99),)),
    structs.replace(CART, currency="eur"),
    structs.replace(CART, total=-1),
    structs.replace(CART, context=None),
    structs.replace(CART, context=structs.replace(CONTEXT, provider="other")),
    structs.replace(CART, context=structs.replace(CONTEXT, external_cart_id="a" * 201)),
    structs.replace(CART, context=structs.replace(CONTEXT, external_cart_id="")),
    structs.replace(CART, context=structs.replace(CONTEXT, secrets=None)),
    structs.replace(CART, context=structs.replace(CONTEXT, secrets={"k": 1})),
    structs.replace(CART, context=structs.replace(CONTEXT, secrets={"k": "a" * 8193})),
    structs.replace(
        CART, context=structs.replace(CONTEXT, secrets={str(n): "" for n in range(17)})
    ),
]


@pytest.mark.parametrize("cart", _BAD_CARTS, ids=lambda cart: repr(cart)[:60])
async def test_what_is_no_cart_is_a_bad_answer(cart: Act) -> None:
    rig = Rig(cart)
    with pytest.raises(BadAnswer):
        await rig.call("read_cart")
    assert rig.notes.defects == ["read_cart BadAnswer"]


async def test_what_is_no_order_is_not_found_either() -> None:
    with pytest.raises(BadAnswer):
        await Rig("order-1").call("find_order")


async def test_what_an_error_carries_is_fit_for_people() -> None:
    rig = Rig(ItemNotFound("a\x1b[31m" + "b" * 500), Unavailable("x\ny" * 500, 10**9))
    with pytest.raises(ItemNotFound) as raised:
        await rig.call("read_cart")
    for text in (str(raised.value), raised.value.sku):
        assert text.isprintable()
        assert len(text) <= 200
    with pytest.raises(Unavailable) as late:
        await rig.call("read_cart")
    assert str(late.value).isprintable()
    assert late.value.retry_after_s == 60


async def test_only_known_outcomes_are_told() -> None:
    class Odd(Unavailable):
        """An error of somebody else's."""

    rig = Rig(*[Odd("a"), RateLimited(), _silence, RuntimeError(), None, CART])
    for _ in range(4):
        with suppress(CommerceError):
            await rig.call("read_cart")
    assert rig.notes.outcomes == [
        *("Unavailable", "RateLimited", "too_slow", "BadAnswer", "BadAnswer", "ok")
    ]
    assert set(rig.notes.outcomes) <= set(OUTCOMES)


async def test_letting_go_takes_no_longer_than_a_call_and_never_fails() -> None:
    for act in (_silence, RuntimeError("no")):
        rig = Rig(act)
        await rig.guard.aclose()
        assert len(rig.notes.defects) == 1
