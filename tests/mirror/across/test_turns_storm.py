"""Processes whose sessions are ended at random: of those who confirm their turn, one is in."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from itertools import cycle

import pytest

from surestock.database import DatabaseConfig, named_statements
from surestock.inventory.unavailable import DatabaseUnavailable, TurnLost
from surestock.mirror import UserQueue
from surestock.mirror.across.database import DatabaseTurns
from surestock.mirror.across.session import LastingSession
from tests.mirror.across.member import (
    change,
    end_sessions,
    session_of_nobody,
    sessions,
    several,
    until_somebody_waits,
)
from tests.real.postgres import Cluster

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

USERS = ("U", "V", "W")
PROCESSES = 4
STORM_S = 3.0
LONGEST_STORM_S = 60.0
STAYS_S = cycle((0.001, 0.002, 0.05, 0.001, 0.2))


class Inside:
    """Who is in for each user, sure of it or not, and how often they met."""

    def __init__(self) -> None:
        self.users: dict[str, DatabaseTurns] = {}
        self.came = self.lost = 0
        self._began = asyncio.get_running_loop().time()

    def wants_more(self, enough: "Callable[[Inside], bool]") -> bool:
        """Tell whether the storm goes on."""
        past_s = asyncio.get_running_loop().time() - self._began
        return past_s < STORM_S or (past_s < LONGEST_STORM_S and not enough(self))

    async def come(self, queue: UserQueue, turns: DatabaseTurns, user: str) -> None:
        """Be in for a while. Whoever is found in has to have lost its turn, and to hear of it."""
        async with queue.turn(user):
            before = self.users.get(user)
            self.users[user] = turns
            self.came += 1
            try:
                if before is not None:
                    await _has_lost(before, user)
                await asyncio.sleep(next(STAYS_S))
                await queue.confirm(user)
                assert self.users[user] is turns, "another one is in"
            finally:
                if self.users.get(user) is turns:
                    del self.users[user]


async def _has_lost(turns: DatabaseTurns, user: str) -> None:
    try:
        await turns.confirm(user)
    except TurnLost:
        return
    raise AssertionError("another one is in")


def never(_: Inside) -> bool:
    """Never have enough of a storm."""
    return False


async def storm(
    config: DatabaseConfig,
    postgres: Cluster,
    database: str,
    enough: Callable[[Inside], bool] = never,
    *,
    ends: bool = True,
) -> Inside:
    """Let processes come and go; if it ``ends`` sessions, that of one of them again and again.

    It goes on until there was ``enough`` of it, on a slow machine too, but not for ever.
    """
    inside, rng = Inside(), random.Random(5)

    async def comes(turns: DatabaseTurns, queue: UserQueue) -> None:
        while inside.wants_more(enough):
            try:
                await inside.come(queue, turns, rng.choice(USERS))
            except TurnLost:
                inside.lost += 1
            except DatabaseUnavailable:
                await asyncio.sleep(0.01)

    async def strikes() -> None:
        while ends and inside.wants_more(enough):
            await asyncio.sleep(0.05 * rng.random())
            found = sessions(postgres, database)
            if found:
                pid = rng.choice(found)
                await asyncio.to_thread(
                    postgres.execute,
                    f"SELECT pg_terminate_backend({pid})",
                )

    async with several(config, PROCESSES) as all_turns, asyncio.TaskGroup() as tasks:
        tasks.create_task(strikes())
        for turns in all_turns:
            queue = UserQueue(9, turns)
            for _ in USERS:
                tasks.create_task(comes(turns, queue))
    return inside


async def test_whatever_sessions_end_of_those_who_confirm_one_is_in(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    inside = await storm(config, postgres, database, lambda it: it.came > 50 and it.lost > 5)
    print(f"{inside.came} turns, {inside.lost} lost, two at once 0")
    assert inside.came > 50
    assert inside.lost > 5


async def test_turns_that_nobody_makes_sure_of_are_caught(
    config: DatabaseConfig, postgres: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def confirm(_: DatabaseTurns, __: str) -> None:
        """Ask nobody."""

    monkeypatch.setattr(DatabaseTurns, "confirm", confirm)
    with pytest.raises(ExceptionGroup) as caught:
        await storm(config, postgres, database)
    assert caught.group_contains(AssertionError, match="is in")


async def test_where_no_session_ends_no_turn_is_lost(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    inside = await storm(config, postgres, database, lambda it: it.came > 50, ends=False)
    assert inside.came > 50
    assert inside.lost == 0


async def test_turns_that_are_taken_from_whoever_has_them_are_caught(
    config: DatabaseConfig, postgres: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    change(monkeypatch, "take", "WHERE NOT EXISTS", "WHERE true OR NOT EXISTS")
    with suppress(_TwoIn):
        inside = await _storm_of_thieves(config, postgres, database)
        assert inside.lost > 0
    monkeypatch.setattr(LastingSession, "confirm", lambda it, _, session: _so(it.has(session)))
    with pytest.raises(ExceptionGroup) as caught:
        await storm(config, postgres, database, ends=False)
    assert caught.group_contains(AssertionError, match="is in")


class _TwoIn(Exception):
    """Two were in at once, each sure of its turn."""


async def _storm_of_thieves(config: DatabaseConfig, postgres: Cluster, database: str) -> Inside:
    """Have a storm until somebody has heard of a loss. Raises _TwoIn where none was needed."""
    try:
        return await storm(config, postgres, database, lambda it: it.lost > 0, ends=False)
    except ExceptionGroup as caught:
        found, others = caught.split(lambda it: "is in" in str(it))
        if found is None or others is not None:
            raise
        raise _TwoIn from caught


async def _so(answer: bool) -> bool:  # noqa: FBT001 - it is the answer
    return answer


async def overtaken(config: DatabaseConfig, postgres: Cluster, database: str) -> bool:
    """Let somebody take a turn whose session is younger than the statement that waits for it."""
    async with several(config) as (first, second), session_of_nobody(config) as taking:
        assert await first.try_lock("anna")
        (gone,) = sessions(postgres, database)
        begun = taking.transaction()
        await begun.start()
        await taking.execute("UPDATE surestock.turns SET holder = 'taking'")
        await asyncio.to_thread(postgres.execute, f"SELECT pg_terminate_backend({gone}, 30000)")
        waits = asyncio.ensure_future(second.try_lock("anna"))
        await until_somebody_waits(postgres, database)
        async with session_of_nobody(config) as young:
            since = await young.fetchval(
                "SELECT backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
            )
            await taking.execute(
                "UPDATE surestock.turns SET backend_pid = $1, backend_start = $2",
                young.get_server_pid(),
                since,
            )
            await begun.commit()
            return await waits


async def test_who_came_while_others_waited_for_the_row_is_seen(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    assert not await overtaken(config, postgres, database)


async def test_sessions_that_are_looked_at_too_early_are_caught(
    config: DatabaseConfig, postgres: Cluster, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    early = "SELECT $1, activity.pid, $3, $4 FROM pg_stat_activity AS activity WHERE pid = $2"
    change(monkeypatch, "take", "VALUES ($1, $2, $3, $4)", early)
    assert await overtaken(config, postgres, database)


async def test_what_dead_sessions_left_is_swept_and_what_was_taken_meanwhile_stays(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    async with (
        several(config) as (first, second),
        session_of_nobody(config) as sweeping,
        session_of_nobody(config) as taking,
    ):
        for user in USERS:
            assert await first.try_lock(user)
        end_sessions(postgres, database)
        begun = taking.transaction()
        await begun.start()
        await taking.execute("UPDATE surestock.turns SET holder = 'taking' WHERE user_id = 'U'")
        sweep = named_statements("surestock.mirror.across", "turns.sql")["sweep"]
        swept = asyncio.ensure_future(sweeping.execute(sweep))
        waits = asyncio.ensure_future(until_somebody_waits(postgres, database))
        await asyncio.wait((swept, waits), return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
        await taking.execute(
            "UPDATE surestock.turns SET backend_pid = $1, backend_start = now() "
            "WHERE user_id = 'U'",
            sweeping.get_server_pid(),
        )
        await begun.commit()
        await swept
        left = postgres.execute("SELECT user_id FROM surestock.turns", database)
        assert left == [("U",)]
        with suppress(DatabaseUnavailable):
            await second.try_lock("V")
