"""The database's processes are killed under load, and it comes back: so does the service."""

import asyncio
import random

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.shop import Shop
from tests.proof.storm import Blow, Storm, brew
from tests.real.absent import skipped_when_absent
from tests.real.fixtures import each_version, fresh_database
from tests.real.postgres import postgres_cluster

_COUNTS = [
    (2, 1),
    pytest.param(20, 5, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
]
_WITHIN_S = 600.0


def _killed_backend(shop: Shop, dice: random.Random) -> None:
    """Kill one of those that serve the shop: the server then ends all others, and recovers."""
    while not (backends := shop.backends()):
        pass
    shop.cluster.kill_backend(dice.choice(backends))


def _shut_down(shop: Shop) -> None:
    shop.cluster.stop_at_once()
    shop.cluster.start_again()


def _stormy(shop: Shop, kills: int, shutdowns: int, tooth: str | None = None) -> Storm:
    dice = random.Random(kills)
    several = shop.several(dice, 3, (tooth,) * 3)
    several.begin()
    blows: list[Blow] = [lambda: _killed_backend(shop, dice)] * kills
    blows += [lambda: _shut_down(shop)] * shutdowns
    dice.shuffle(blows)
    storm = brew(several, kills, _WITHIN_S)
    asyncio.run(storm.play(blows))
    return storm


@pytest.mark.parametrize(("kills", "shutdowns"), _COUNTS)
def test_what_was_acknowledged_survives_what_kills_the_database(
    shop: Shop, figures: Figures, kills: int, shutdowns: int
) -> None:
    storm = _stormy(shop, kills, shutdowns)
    assert storm.crowd.faults == []
    verdict = storm.judge()
    verdict.require_clean()
    assert storm.several.end() == [0] * 3
    shop.require_sound()
    figures.add(
        "what was acknowledged survives the end of the database's processes",
        f"{kills} × kill -9 of a backend, {shutdowns} immediate shutdowns, under 24 clients of 3 "
        "processes",
        f"{verdict}; answers again after: {storm.times()}; longest answer "
        f"{storm.crowd.longest_s:.1f} s; told: {storm.crowd.listed()}",
    )


def test_the_proof_catches_a_server_that_acknowledges_before_it_has_written(
    make_server: Fleet, figures: Figures
) -> None:
    """Such a server is refused at the start: here, nobody looks."""
    version = each_version()[-1]
    settings = {"synchronous_commit": "off"}
    with (
        skipped_when_absent(),
        postgres_cluster(version, durable=True, settings=settings) as cluster,
    ):
        database = fresh_database(cluster)
        shop = Shop(make_server, cluster, database, cluster.url(database))
        cluster.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = on')
        shop.migrate()
        cluster.execute(f'ALTER DATABASE "{database}" RESET synchronous_commit')
        lost = _stormy(shop, 1, 1, "unchecked-server").judge().lost
        assert lost > 0
    figures.add("tooth: synchronous_commit = off", "kill -9, and a shutdown", f"lost {lost}")
