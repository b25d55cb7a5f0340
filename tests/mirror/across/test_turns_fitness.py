"""Where a turn could not be trusted, it is refused; and a primary that was replaced grants none."""

import pytest

from surestock.database import DatabaseConfig, DatabaseUnfit, migrate, open_connection
from surestock.inventory.unavailable import TurnLost
from tests.mirror.across.member import at_work, change, end_sessions, until_taken
from tests.real.absent import skipped_when_absent
from tests.real.postgres import Cluster
from tests.real.postgres_pair import primary_with_standby

ROLE = "CREATE ROLE {name} LOGIN; GRANT ALL ON SCHEMA surestock TO {name}; "
TABLES = "GRANT ALL ON ALL TABLES IN SCHEMA surestock TO {name};"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("SELECT\n    pg_backend_pid()", "SELECT\n    pg_backend_pid() + 1", "shares its sessions"),
        ("activity.backend_start AS since", "NULL::timestamptz AS since", "pg_stat_activity"),
    ],
)
async def test_where_nobody_could_tell_that_a_process_has_ended_it_does_not_begin(
    config: DatabaseConfig, monkeypatch: pytest.MonkeyPatch, old: str, new: str, told: str
) -> None:
    change(monkeypatch, "session", old, new)
    with pytest.raises(DatabaseUnfit, match=told):
        async with at_work(config):
            pytest.fail("it began")


async def test_a_role_that_may_not_see_when_sessions_began_takes_none_of_theirs(
    config: DatabaseConfig, postgres: Cluster, database: str
) -> None:
    name = database.replace("test", "role")
    for statement in (ROLE + TABLES).format(name=name).rstrip(";").split("; "):
        postgres.execute(statement, database)
    theirs = DatabaseConfig(
        config.url.replace("//postgres@", f"//{name}@"), connect_s=20.0, deadline_s=20.0
    )
    try:
        async with at_work(config) as ours:
            assert await ours.try_lock("anna")
            async with at_work(theirs, "theirs") as others:
                assert not await others.try_lock("anna")
                await ours.confirm("anna")
                end_sessions(postgres, database)
                await until_taken(others, "anna")
    finally:
        postgres.execute(f"DROP OWNED BY {name}", database)
        postgres.execute(f"DROP ROLE {name}", database)


async def test_a_turn_is_confirmed_only_with_the_standby_that_has_to_know(
    postgres_version: str,
) -> None:
    with skipped_when_absent(), primary_with_standby(postgres_version) as pair:
        config = DatabaseConfig(pair.url("postgres"), connect_s=20.0, deadline_s=8.0)
        connection = await open_connection(config)
        await migrate(connection)
        await connection.close()
        async with at_work(config) as turns:
            assert await turns.try_lock("anna")
            await turns.confirm("anna")
            receivers = "SELECT pid FROM pg_stat_wal_receiver"
            ((receiver,),) = pair.standby.execute(receivers)
            assert receiver is not None
            pair.standby.freeze(int(receiver))
            assert await turns.try_lock("ben")
            with pytest.raises(TurnLost):
                await turns.confirm("anna")
            pair.standby.thaw()
