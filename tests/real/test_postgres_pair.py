"""What a primary acknowledged is there after its death, at the standby that takes its place."""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest

from tests.real.postgres_pair import Pair, primary_with_standby

_SOON_S = 0.3
_ENOUGH_S = 90


@pytest.fixture(scope="module")
def pair(postgres_version: str) -> Iterator[Pair]:
    with primary_with_standby(postgres_version) as made:
        made.primary.execute("CREATE TABLE shelf (qty int)")
        yield made
    assert not made.primary.is_up
    assert not made.standby.is_up


async def test_each_dies_and_the_other_has_what_was_acknowledged(pair: Pair) -> None:
    pair.primary.execute("TRUNCATE shelf")
    ports = []
    for qty in range(3):
        ports.append(pair.primary.port)
        connection = await asyncpg.connect(pair.url("postgres"))
        await connection.execute("INSERT INTO shelf VALUES ($1)", qty)
        pair.kill_primary()
        connection.terminate()
        pair.promote_standby()
        connection = await asyncpg.connect(pair.url("postgres"))
        rows = await connection.fetch("SELECT qty FROM shelf ORDER BY qty")
        assert [row["qty"] for row in rows] == list(range(qty + 1))
        await connection.close()
        pair.rejoin()
    assert ports[0] == ports[2] != ports[1]


async def test_nothing_is_acknowledged_that_the_standby_does_not_have(pair: Pair) -> None:
    ((receiver,),) = pair.standby.execute("SELECT pid FROM pg_stat_wal_receiver")
    assert receiver is not None
    connection = await asyncpg.connect(pair.url("postgres"))
    pair.standby.freeze(int(receiver))
    insert = asyncio.ensure_future(connection.execute("INSERT INTO shelf VALUES (7)"))
    done, _ = await asyncio.wait([insert], timeout=_SOON_S)
    assert not done
    pair.standby.thaw()
    assert await asyncio.wait_for(insert, _ENOUGH_S) == "INSERT 0 1"
    await connection.close()


def test_no_standby_takes_the_place_of_a_primary_that_lives(pair: Pair) -> None:
    with pytest.raises(AssertionError, match="the primary runs"):
        pair.promote_standby()
