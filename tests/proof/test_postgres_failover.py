"""The primary is killed under load and its standby promoted: the service finds it by itself."""

import asyncio
import random
import time
from functools import partial

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.several import Several
from tests.proof.shop import Shop
from tests.proof.storm import Blow, Storm, brew
from tests.real.absent import skipped_when_absent
from tests.real.fixtures import each_version, fresh_database
from tests.real.postgres_pair import Pair, primary_with_standby

_ROUNDS = [1, pytest.param(5, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_WITHIN_S = 550.0
_NOBODY_S = 3.0


def _shop(pair: Pair, make_server: Fleet) -> Shop:
    database = fresh_database(pair.primary)
    shop = Shop(make_server, pair.primary, database, pair.url(database))
    shop.migrate()
    return shop


def _stormy(several: Several, seed: int, blows: list[Blow], rejoin: Blow) -> Storm:
    several.begin()
    storm = brew(several, seed, _WITHIN_S)
    asyncio.run(storm.play(blows, rejoin))
    return storm


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_what_was_acknowledged_is_on_a_synchronous_standby(
    make_server: Fleet, figures: Figures, postgres_version: str, rounds: int
) -> None:
    with skipped_when_absent(), primary_with_standby(postgres_version) as pair:
        shop = _shop(pair, make_server)

        def fail_over(nobody_s: float) -> None:
            pair.kill_primary()
            time.sleep(nobody_s)
            pair.promote_standby()
            shop.cluster = pair.primary

        blows = [partial(fail_over, _NOBODY_S * (number % 2)) for number in range(rounds)]
        several = shop.several(random.Random(rounds))
        storm = _stormy(several, rounds, [*blows], pair.rejoin)
        assert storm.crowd.faults == []
        verdict = storm.judge()
        verdict.require_clean()
        assert storm.several.end() == [0] * 3
        shop.require_sound()
    figures.add(
        "what was acknowledged outlives the primary, with a synchronous standby",
        "primary killed under 24 clients of 3 processes, standby promoted at once and after "
        f"{_NOBODY_S:g} s by turns, {rounds} rounds",
        f"{verdict}; seconds until every process answers again: "
        + ", ".join(f"{it:.1f}" for it in storm.healed_s)
        + f"; longest answer {storm.crowd.longest_s:.1f} s; told: {storm.crowd.listed()}",
    )


def test_an_asynchronous_standby_may_lose_what_was_acknowledged(
    make_server: Fleet, figures: Figures
) -> None:
    """The documents tell of this difference. It shows that the proof would see a loss, too.

    Whoever remembers what was lost ends, and started anew serves what there is.
    """
    with skipped_when_absent(), primary_with_standby(each_version()[-1]) as pair:
        shop = _shop(pair, make_server)
        pair.primary.execute("ALTER SYSTEM SET synchronous_standby_names = ''")
        pair.primary.execute("SELECT pg_reload_conf()")
        ((receiver,),) = pair.standby.execute("SELECT pid FROM pg_stat_wal_receiver")
        assert receiver is not None
        pair.standby.freeze(int(receiver))

        several = shop.several(random.Random(9))

        def fail_over() -> None:
            pair.kill_primary()
            pair.standby.kill_backend(int(receiver or 0))
            pair.standby.wait_until_ready()
            pair.promote_standby()
            shop.cluster = pair.primary
            assert [server.await_exit() for server in several.servers] == [1] * 3
            for server in several.servers:
                assert "the database has lost what was committed in it" in server.log.read_text()
            several.begin()

        lost = _stormy(several, 9, [fail_over], pair.rejoin).judge().lost
        assert lost > 0
        assert several.end() == [0] * 3
        shop.require_sound()
    figures.add(
        "contrast: an asynchronous standby that is behind",
        "primary killed under 24 clients of 3 processes, once",
        f"acknowledged and lost {lost}; what is left is sound",
    )
