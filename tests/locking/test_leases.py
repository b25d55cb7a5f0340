"""The commands of a process share its leases; another process is refused, or refuses them."""

import asyncio
from collections.abc import Sequence

import pytest

from surestock.locking import LeaseHeld
from tests.locking.lease_house import TTL_S, House

pytestmark = pytest.mark.usefixtures("no_blocking_calls")


async def test_what_is_held_here_is_refused_elsewhere(home: House) -> None:
    grip = await home.leases.acquire(["store/tea"], "what it is for")
    assert not grip.bare
    with pytest.raises(LeaseHeld) as held:
        await home.neighbour.acquire("store/tea")
    assert (held.value.holder, held.value.about) == ("this process", "what it is for")
    await home.leases.release(grip)
    await home.neighbour.acquire("store/tea")
    assert home.counted() == {"acquired": 1}


async def test_what_is_held_elsewhere_is_refused_here(home: House) -> None:
    await home.neighbour.acquire("store/tea", "what it is for")
    with pytest.raises(LeaseHeld) as held:
        await home.leases.acquire(["store/tea"])
    assert held.value.key == "store/tea"
    assert (held.value.holder, held.value.about) == ("neighbour", "what it is for")
    assert len(home.leases) == 0
    assert home.counted() == {"contended": 1}


async def test_the_files_are_gone_when_release_returns(home: House) -> None:
    for _ in range(50):
        grip = await home.leases.acquire(["a", "b"])
        await home.leases.release(grip)
        assert home.names() == []


async def test_commands_on_one_key_share_a_lease_until_the_last_one_is_done(home: House) -> None:
    grips = await asyncio.gather(*(home.leases.acquire(["k"]) for _ in range(5)))
    grips.append(await home.leases.acquire(["k"]))
    assert home.counted() == {"acquired": 1}
    for grip in grips:
        assert await home.neighbour.is_locked("k")
        await home.leases.release(grip)
    assert not await home.neighbour.is_locked("k")
    assert len(home.leases) == 0


async def test_a_grip_is_released_once_however_often_one_says_so(home: House) -> None:
    one, other = await home.leases.acquire(["k"]), await home.leases.acquire(["k"])
    await home.leases.release(one)
    await home.leases.release(one)
    assert await home.neighbour.is_locked("k")
    await home.leases.release(other)
    assert not await home.neighbour.is_locked("k")


async def test_a_key_that_is_wanted_again_while_it_is_released_is_had_again(home: House) -> None:
    for _ in range(50):
        grip = await home.leases.acquire(["k"])
        _, again = await asyncio.gather(home.leases.release(grip), home.leases.acquire(["k"]))
        assert await home.neighbour.is_locked("k")
        await home.leases.release(again)
        assert not await home.neighbour.is_locked("k")
    assert home.counted() == {"acquired": 100}


@pytest.mark.parametrize("held", ["a", "b", "c"])
async def test_of_several_keys_all_are_had_or_none(home: House, held: str) -> None:
    lease = await home.neighbour.acquire(held)
    with pytest.raises(LeaseHeld) as refused:
        await home.leases.acquire(["a", "b", "c"])
    assert refused.value.key == held
    assert await _locked(home, "abc") == [held]
    await home.neighbour.release(lease)
    grip = await home.leases.acquire(["a", "b", "c"])
    assert await _locked(home, "abc") == ["a", "b", "c"]
    await home.leases.release(grip)
    assert await _locked(home, "abc") == []


async def test_who_is_refused_one_key_leaves_those_alone_that_others_share(home: House) -> None:
    await home.neighbour.acquire("b")
    grip = await home.leases.acquire(["a"])
    with pytest.raises(LeaseHeld):
        await home.leases.acquire(["a", "b"])
    assert await home.neighbour.is_locked("a")
    await home.leases.release(grip)
    assert not await home.neighbour.is_locked("a")


async def test_all_who_asked_for_what_is_held_are_refused(home: House) -> None:
    await home.neighbour.acquire("k")
    asked = (home.leases.acquire(["k"]) for _ in range(5))
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(answer) for answer in answers] == [LeaseHeld] * 5
    assert len({id(answer) for answer in answers}) == 5, "each has an error of its own"


async def test_what_was_refused_can_be_had_when_it_is_free(home: House) -> None:
    lease = await home.neighbour.acquire("k")
    with pytest.raises(LeaseHeld):
        await home.leases.acquire(["k"])
    await home.neighbour.release(lease)
    await home.leases.acquire(["k"])
    assert home.counted() == {"acquired": 1, "contended": 1}


async def test_a_lease_whose_owner_died_is_stolen_after_its_time(home: House) -> None:
    await home.neighbour.acquire("k")
    home.clock.advance(TTL_S)
    await home.leases.acquire(["k"])
    assert home.counted() == {"acquired": 1, "stolen": 1}


async def test_no_keys_at_all_need_no_lease(home: House) -> None:
    grip = await home.leases.acquire([])
    await home.leases.confirm(grip)
    await home.leases.release(grip)
    assert not home.directory.exists()


async def test_a_key_that_is_too_long_for_a_lease_is_refused_and_nothing_else_suffers(
    home: House,
) -> None:
    with pytest.raises(ValueError, match="bytes"):
        await home.leases.acquire(["a", "x" * 20_000])
    assert not await home.neighbour.is_locked("a")
    grip = await home.leases.acquire(["a"])
    assert not grip.bare


async def test_many_commands_on_many_keys_leave_nothing_behind(home: House) -> None:
    async def command(number: int) -> None:
        keys = sorted({f"k{number % 7}", f"k{number % 11}", f"k{number % 13}"})
        grip = await home.leases.acquire(keys)
        await home.leases.confirm(grip)
        assert await _locked(home, keys) == keys
        await home.leases.release(grip)

    await asyncio.gather(*(command(number) for number in range(300)))
    assert len(home.leases) == 0
    assert home.names() == []


async def _locked(home: House, keys: Sequence[str]) -> list[str]:
    return [key for key in keys if await home.neighbour.is_locked(key)]
