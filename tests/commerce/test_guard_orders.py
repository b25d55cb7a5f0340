"""An order is asked for once, and what is not known of it is said to be unknown."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from msgspec import structs

from surestock.commerce.errors import (
    ERRORS,
    REFUSALS,
    BadAnswer,
    CommerceError,
    Conflict,
    InsufficientStock,
    ItemNotFound,
    OutcomeUnknown,
    PriceChanged,
    RateLimited,
    Unavailable,
)
from tests.commerce.puppet import CONTEXT, ORDER, REQUEST, Act, Rig
from tests.resilience.virtual_loop import VirtualLoop


@pytest.fixture
def anyio_backend() -> tuple[str, dict[str, Any]]:
    """Time passes at once."""
    return "asyncio", {"loop_factory": VirtualLoop}


def make(kind: type[CommerceError]) -> CommerceError:
    if kind is PriceChanged:
        return PriceChanged("phone", 1, 2)
    if kind in {ItemNotFound, InsufficientStock}:
        return kind("phone")
    return RateLimited() if kind is RateLimited else kind("why")


async def _silence() -> None:
    await asyncio.Event().wait()


async def _silence_taken_for_a_no() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise Unavailable("not reached") from None


async def _silence_taken_for_a_refusal() -> None:
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        raise Conflict("no") from None


async def test_an_order_is_handed_on() -> None:
    rig = Rig()
    assert await rig.call("place_order") is ORDER
    assert rig.notes.outcomes == ["ok"]


@pytest.mark.parametrize("kind", ERRORS)
async def test_an_order_is_asked_for_once_whatever_comes(kind: type[CommerceError]) -> None:
    rig = Rig(make(kind))
    with pytest.raises(CommerceError):
        await rig.call("place_order")
    assert rig.puppet.calls == ["place_order"]
    assert rig.pauses == []


@pytest.mark.parametrize("kind", [*REFUSALS, Unavailable, RateLimited])
async def test_a_definite_no_is_handed_on(kind: type[CommerceError]) -> None:
    no = make(kind)
    with pytest.raises(kind) as raised:
        await Rig(no).call("place_order")
    assert raised.value is no


@pytest.mark.parametrize(
    "act",
    [
        BadAnswer("no json"),
        OutcomeUnknown("no answer"),
        CommerceError("something"),
        RuntimeError("a defect"),
        TimeoutError(),
        ConnectionResetError(),
        ExceptionGroup("two", [Unavailable("one"), Conflict("other")]),
        _silence,
        _silence_taken_for_a_no,
        _silence_taken_for_a_refusal,
        None,
        "order-1",
        structs.replace(ORDER, order_id=""),
        structs.replace(ORDER, order_id="a" * 201),
        structs.replace(ORDER, order_number="1\n2"),
        structs.replace(ORDER, total=-1),
        structs.replace(ORDER, total=1.5),
        structs.replace(ORDER, currency="euro"),
        structs.replace(ORDER, state="shipped"),
    ],
    ids=repr,
)
async def test_everything_else_is_an_unknown_outcome(act: Act) -> None:
    rig = Rig(act)
    with pytest.raises(OutcomeUnknown) as raised:
        await rig.call("place_order")
    assert rig.puppet.calls == ["place_order"]
    assert str(raised.value).isprintable()


async def test_an_order_has_its_own_time() -> None:
    async def slow() -> object:
        await asyncio.sleep(9.9)
        return ORDER

    assert await Rig(slow).call("place_order") is ORDER
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(OutcomeUnknown):
        await Rig(_silence).call("place_order")
    assert loop.time() - started == pytest.approx(10)


async def test_an_order_that_arrives_while_it_is_given_up_counts() -> None:
    async def late() -> object:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        return ORDER

    assert await Rig(late).call("place_order") is ORDER


@pytest.mark.parametrize("act", [_silence, _silence_taken_for_a_no], ids=["plain", "disguised"])
async def test_a_cancellation_goes_on_as_one(act: Act) -> None:
    rig = Rig(act)
    asked = asyncio.get_running_loop().create_task(rig.call("place_order"))
    await asyncio.sleep(1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert asked.cancelled()
    assert rig.notes.outcomes == ["cancelled"]


async def test_while_somebody_cleans_up_after_a_cancellation_errors_stay_what_they_are() -> None:
    rig = Rig(Conflict("gone"))
    told: list[BaseException] = []

    async def clean_up() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await rig.call("close_cart")
            except BaseException as error:  # noqa: BLE001 -- whichever comes is looked at below
                told.append(error)

    task = asyncio.get_running_loop().create_task(clean_up())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert [type(error) for error in told] == [Conflict]


async def test_a_cart_of_another_platform_is_not_sent_to_this_one() -> None:
    rig = Rig()
    elsewhere = structs.replace(CONTEXT, provider="other")
    ask: list[tuple[str, Callable[[], Any]]] = [
        ("CartExpired", lambda: rig.guard.place_order(elsewhere, REQUEST)),
        ("CartExpired", lambda: rig.guard.read_cart(elsewhere)),
        ("CartExpired", lambda: rig.guard.close_cart(elsewhere)),
        ("Conflict", lambda: rig.guard.find_order(elsewhere, "att-1")),
    ]
    for name, call in ask:
        with pytest.raises(CommerceError) as raised:
            await call()
        assert type(raised.value).__name__ == name
    assert rig.puppet.calls == []
