"""A user's turn in the database: one process has it, until it gives it back or is no more."""

import asyncio
import random
import signal
import subprocess

import pytest
from msgspec.structs import replace

from surestock.database import DatabaseConfig
from surestock.inventory.unavailable import DatabaseUnavailable, TurnLost
from surestock.kit.clock import SystemClock
from surestock.mirror.across.database import DatabaseTurns
from surestock.telemetry.log import make_log
from tests.mirror.across.member import (
    at_work,
    change,
    end_sessions,
    real_holder,
    sessions,
    several,
    until_taken,
)
from tests.real.postgres import Cluster
from tests.real.proxy import proxy_to
from tests.real.steady import steady_time


async def test_a_user_has_one_holder_and_no_other_is_concerned(config: DatabaseConfig) -> None:
    async with several(config, 3) as (first, second, third):
        assert await first.try_lock("anna")
        for turns in (first, second, third):
            assert not await turns.try_lock("anna")
        assert await second.try_lock("Anna")
        await first.confirm("anna")
        await second.confirm("Anna")
        first.unlock("anna")
        await until_taken(third, "anna")
        assert not await first.try_lock("anna")


async def test_what_was_given_back_leaves_nothing_behind(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    async with at_work(config) as turns:
        for number in range(20):
            assert await turns.try_lock(f"u{number}")
            turns.unlock(f"u{number}")
        assert await turns.try_lock("last")
        assert postgres.execute("SELECT user_id FROM surestock.turns", database) == [("last",)]
    assert len(turns) == 1
    with pytest.raises(RuntimeError):
        turns.unlock("anna")


async def test_who_dies_frees_its_turns_at_once(config: DatabaseConfig) -> None:
    async with at_work(config) as turns:
        with real_holder(config, "anna") as process:
            assert not await turns.try_lock("anna")
            process.kill()
            await until_taken(turns, "anna")


async def pause(config: DatabaseConfig, process: "subprocess.Popen[str]") -> None:
    """Stop a holder for longer than anybody waits for an answer, and see what it finds after."""
    async with at_work(config) as turns:
        process.send_signal(signal.SIGSTOP)
        for _ in range(80):
            assert not await turns.try_lock("anna"), "it passed on"
            await asyncio.sleep(0.1)
        process.send_signal(signal.SIGCONT)
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        assert await asyncio.to_thread(process.stdout.readline) == "held\n"


async def test_who_stands_still_keeps_its_turns(config: DatabaseConfig) -> None:
    with real_holder(config, "anna") as process:
        await pause(config, process)


async def test_a_turn_that_passes_on_by_time_is_caught(
    config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = "WHERE turn.backend_start < clock_timestamp() - interval '2 seconds' OR NOT EXISTS"
    change(monkeypatch, "take", "WHERE NOT EXISTS", late)
    with real_holder(config, "anna") as process:
        with pytest.raises(ExceptionGroup) as caught:
            await pause(config, process)
        assert caught.group_contains(AssertionError, match="it passed on")


async def test_a_session_that_the_server_ends_frees_its_turns_and_its_holder_hears_of_it(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    async with several(config) as (first, second):
        assert await first.try_lock("anna")
        assert await first.try_lock("ben")
        end_sessions(postgres, database)
        assert await second.try_lock("anna")
        for user in ("anna", "ben"):
            with pytest.raises(TurnLost):
                await first.confirm(user)
        assert await first.try_lock("carl")
        with pytest.raises(TurnLost):  # also in its next session
            await first.confirm("anna")
        first.unlock("anna")
        first.unlock("ben")
        assert await first.try_lock("ben")
        await second.confirm("anna")
        assert not await first.try_lock("anna")


async def test_a_restart_of_the_server_frees_all_and_all_hear_of_it(
    config: DatabaseConfig, postgres: Cluster
) -> None:
    async with several(config) as (first, second):
        assert await first.try_lock("anna")
        assert await second.try_lock("ben")
        await asyncio.to_thread(postgres.stop_at_once)
        with pytest.raises(TurnLost):
            await first.confirm("anna")
        with pytest.raises(DatabaseUnavailable):
            await first.try_lock("carl")
        first.unlock("anna")
        await asyncio.to_thread(postgres.start_again)
        await until_taken(first, "ben")
        with pytest.raises(TurnLost):
            await second.confirm("ben")
        second.unlock("ben")
        await first.confirm("ben")


async def test_who_is_cancelled_at_any_moment_has_taken_nothing_and_broken_nothing(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    rng = random.Random(3)
    async with several(config) as (first, second):
        assert await first.try_lock("kept")
        (began,) = sessions(postgres, database)
        granted = 0
        for number in range(300):
            asking = asyncio.ensure_future(first.try_lock("anna"))
            for _ in range(rng.randrange(12)):
                await asyncio.sleep(0)
            await asyncio.sleep(rng.choice((0.0, 0.0003, 0.001)))
            asking.cancel()
            (end,) = await asyncio.gather(asking, return_exceptions=True)
            if end is True:
                granted += 1
                first.unlock("anna")
            if number % 25 == 0:
                await until_taken(second, "anna")
                second.unlock("anna")
        assert granted < 300
        await until_taken(second, "anna")
        await first.confirm("kept")
        assert sessions(postgres, database, "p0") == [began]
        assert len(first) == 1


async def test_where_nobody_answers_nothing_is_granted_or_confirmed_and_it_heals_by_itself(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    with proxy_to(postgres.port) as proxy:
        there = DatabaseConfig(proxy.url(database), connect_s=0.5, deadline_s=0.5)
        async with at_work(there, "far") as far, at_work(config, "near") as near:
            await until_taken(far, "anna")
            proxy.black_hole()
            began = steady_time()
            asked = [far.try_lock(f"u{number}") for number in range(20)]
            ends = await asyncio.gather(far.confirm("anna"), *asked, return_exceptions=True)
            assert steady_time() - began < 5.0
            assert isinstance(ends[0], TurnLost)
            assert {type(end) for end in ends[1:]} == {DatabaseUnavailable}
            far.unlock("anna")
            proxy.heal()
            for number in range(20):
                await until_taken(near, f"u{number}")
            await until_taken(near, "anna")
            await until_taken(far, "ben")


async def test_when_it_ends_it_grants_nothing_more(config: DatabaseConfig) -> None:
    async with at_work(config) as turns:
        assert await turns.try_lock("anna")
    with pytest.raises(DatabaseUnavailable):
        await turns.try_lock("ben")
    with pytest.raises(TurnLost):
        await turns.confirm("anna")
    turns.unlock("anna")
    async with at_work(config) as other:
        assert await other.try_lock("anna")


async def test_who_does_not_work_answers_in_time(config: DatabaseConfig) -> None:
    config = replace(config, deadline_s=1.0)
    turns = DatabaseTurns(config, "idle", make_log(lambda _: None, SystemClock(), "info"))
    with pytest.raises(DatabaseUnavailable):
        await turns.try_lock("anna")
