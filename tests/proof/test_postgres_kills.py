"""The database's processes are killed under load, and it comes back: so does the service."""

import asyncio
import random
import time

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.several import Several
from tests.proof.shop import Shop
from tests.proof.storm import Blow, Storm, brew
from tests.real.absent import skipped_when_absent
from tests.real.fixtures import each_version, fresh_database
from tests.real.postgres import postgres_cluster

_COUNTS = [
    (2, 1),
    pytest.param(20, 5, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
]
_WITHIN_S = 500.0
_LOOK_EVERY_S = 0.02


def _shut_down(shop: Shop) -> None:
    shop.cluster.stop_at_once()
    shop.cluster.start_again()


def _kill_backend(shop: Shop, dice: random.Random) -> None:
    while not shop.try_kill_backend(dice):
        time.sleep(_LOOK_EVERY_S)


def _stormy(several: Several, seed: int, blows: list[Blow]) -> Storm:
    several.begin()
    storm = brew(several, seed, _WITHIN_S)
    asyncio.run(storm.play(blows))
    return storm


@pytest.mark.parametrize(("kills", "shutdowns"), _COUNTS)
def test_what_was_acknowledged_survives_what_kills_the_database(
    shop: Shop, figures: Figures, kills: int, shutdowns: int
) -> None:
    dice = random.Random(kills)
    blows: list[Blow] = [lambda: _kill_backend(shop, dice)] * kills
    blows += [lambda: _shut_down(shop)] * shutdowns
    dice.shuffle(blows)
    storm = _stormy(shop.several(dice), kills, blows)
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
    """Such a server is refused at the start: here, nobody looks.

    What the levels begin with is written down, so that there is something to go on with. Whoever
    remembers what was lost would end by himself, so all are started anew.
    """
    version = each_version()[-1]
    settings = {
        "synchronous_commit": "off",
        "wal_writer_delay": "10s",  # so that surely something is not written yet
        "wal_writer_flush_after": "100MB",
    }
    with (
        skipped_when_absent(),
        postgres_cluster(version, durable=True, settings=settings) as cluster,
    ):
        database = fresh_database(cluster)
        shop = Shop(make_server, cluster, database, cluster.url(database))
        cluster.execute(f'ALTER DATABASE "{database}" SET synchronous_commit = on')
        shop.migrate()
        cluster.execute(f'ALTER DATABASE "{database}" RESET synchronous_commit')
        several = shop.several(random.Random(1), 3, ("unchecked-server",) * 3)

        def write_down() -> None:
            cluster.execute("CHECKPOINT")

        def crash() -> None:
            cluster.kill()
            for server in several.servers:
                server.kill()
            cluster.start_again()
            several.begin()

        lost = _stormy(several, 1, [write_down, crash]).judge().lost
        assert lost > 0
    figures.add("tooth: synchronous_commit = off", "kill -9", f"lost {lost}")
