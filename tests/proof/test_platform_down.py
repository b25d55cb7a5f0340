"""A commerce platform that is gone costs the carts nothing, and sells nothing; then all heals.

It runs in a process of its own.
"""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.platform_down import BUYERS, go_down_once, take_turns, while_down
from tests.proof.shoppers import Shoppers
from tests.stand_in.stand_in import StandIn
from tests.stand_in.terms import Behaviour, Mode

_DOWN: tuple[Mode, ...] = ("hang", "refuse", "fail")


def _hasty(hasty: StandIn, **settings: str) -> dict[str, str]:
    return {**hasty.settings, "BREAKER_COOLDOWN_MS": "300", **settings}


@pytest.fixture(name="hasty")
def hasty_platform(tmp_path: Path) -> Iterator[StandIn]:
    """Return a platform whose provider does not wait for long."""
    platform = StandIn(tmp_path, patience_s=0.3)
    yield platform
    platform.end()


@pytest.mark.parametrize("mode", _DOWN)
def test_carts_go_on_without_the_platform_nothing_is_sold_and_all_heals(
    make_server: Fleet, hasty: StandIn, figures: Figures, mode: Mode
) -> None:
    server = make_server(settings=_hasty(hasty))
    server.start()
    down, healed_s = asyncio.run(go_down_once(server.port, hasty, mode))
    figures.add(
        "a platform that is gone",
        f"it is told to {mode}, 16 users",
        f"{len(down.phase.taken):,} cart operations, none refused; {BUYERS} checkouts, none "
        f"placed; synced again after {healed_s:.1f} s",
    )


@pytest.mark.prove
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(("mode", "rounds"), [(mode, 2) for mode in _DOWN])
def test_a_minute_without_the_platform_makes_no_cart_slower(
    make_server: Fleet, stand_in: StandIn, figures: Figures, mode: Mode, rounds: int
) -> None:
    server = make_server(settings=stand_in.settings)
    server.start()
    turns = asyncio.run(take_turns(server.port, stand_in, mode, rounds, down_s=60))
    attack = f"it is told to {mode}, {rounds} × 60 s, 128 users"
    figures.add("a platform that is gone", attack, str(turns))
    turns.require_as_fast()
    turns.require_quick_refusals()


@pytest.mark.prove
def test_a_mirror_in_the_way_of_the_carts_is_noticed(make_server: Fleet, hasty: StandIn) -> None:
    # An open breaker is what saves such a service, so that this one's takes a while to open.
    settings = _hasty(hasty, BREAKER_THRESHOLD="200")
    server = make_server(tooth="mirror-in-the-way", settings=settings)
    server.start()
    turns = asyncio.run(take_turns(server.port, hasty, "hang", rounds=1, down_s=3))
    with pytest.raises(AssertionError, match="times what it was"):
        turns.require_as_fast()


@pytest.mark.prove
def test_a_breaker_that_does_not_open_is_noticed(make_server: Fleet, hasty: StandIn) -> None:
    server = make_server(settings=_hasty(hasty, BREAKER_THRESHOLD="1000000"))
    server.start()

    async def wait_for_it() -> None:
        shoppers = Shoppers(server.port, users=16)
        await shoppers.open()
        await hasty.behave(Behaviour("refuse"))
        await while_down(shoppers, 1.0, opens_s=10)

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(wait_for_it())
    assert caught.group_contains(TimeoutError)


@pytest.mark.prove
def test_a_mirror_that_gives_carts_up_is_noticed(make_server: Fleet, hasty: StandIn) -> None:
    server = make_server(tooth="discouraged-mirror", settings=_hasty(hasty))
    server.start()
    with pytest.raises(TimeoutError):
        asyncio.run(go_down_once(server.port, hasty, "refuse", heals_s=30))
