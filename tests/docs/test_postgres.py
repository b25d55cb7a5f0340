"""docs/postgres.md is true: its SQL runs and suffices, its numbers and names are the code's."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

import pytest
from msgspec import Struct, structs

from surestock.api.problems import KINDS
from surestock.cli.app import app
from surestock.database import DatabaseConfig, Lane, migrate
from surestock.database.schema import known_migrations
from surestock.engine.postgres import PostgresConfig, PostgresEngine
from surestock.kit.clock import SystemClock
from surestock.kit.ids import IdSource
from surestock.runtime.postgres import config as sessions
from surestock.runtime.settings import Settings
from tests.database.patient import patient
from tests.deploy.files import alerts
from tests.docs.blocks import blocks_of
from tests.docs.named import code_in, rows_of
from tests.real.fixtures import postgres_version
from tests.real.postgres import Cluster, postgres_cluster
from tests.tidy.repository import ROOT

__all__ = ["postgres_version"]

PAGE: Final = ROOT / "docs" / "postgres.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
SQL: Final = [block.content for block in blocks_of(PAGE) if block.language == "sql"]
CODE: Final = set(re.findall(r"`([^`\n]+)`", TEXT))
OWNER: Final = "surestock_owner"
USER: Final = "surestock"
# The words of PostgreSQL's own that the page writes as ours are written.
THEIRS: Final = {
    "ALLOW_CONNECTIONS",
    "SyncRep",
    "is not currently accepting connections",
    "permission denied",
    "too many clients already",
    "too many connections for role",
    "remaining connection slots are reserved",
}
NUMBERS: Final[dict[str, type[Struct]]] = {"connection": DatabaseConfig, "engine": PostgresConfig}


@pytest.fixture
def cluster(postgres_version: str) -> Iterator[Cluster]:
    """A server of its own: roles are for all databases of one."""
    with postgres_cluster(postgres_version, durable=True) as made:
        yield made


def _as(role: str, cluster: Cluster) -> DatabaseConfig:
    return patient(cluster.url("surestock").replace("//postgres@", f"//{role}@"))


async def _set_up(cluster: Cluster) -> None:
    """Do what the page says, in its order."""
    begin = [sql for sql in SQL if sql.startswith("CREATE")]
    assert len(begin) == 3
    for sql in begin:
        cluster.execute(sql)
    lane = Lane(_as(OWNER, cluster))
    async with lane.use() as connection:
        await migrate(connection)
    await lane.close()
    for sql in SQL[len(begin) :]:
        cluster.execute(sql, "surestock")


async def test_the_roles_of_the_page_may_do_what_they_need_and_no_more(cluster: Cluster) -> None:
    await _set_up(cluster)
    engine = PostgresEngine(
        PostgresConfig(_as(USER, cluster), timedelta(hours=1)), SystemClock(), IdSource()
    )
    await engine.start()
    await engine.close()
    rights = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
    asked = ", ".join(f"has_table_privilege('{USER}', oid, '{it}')" for it in rights)
    tables = f"SELECT relname, {asked} FROM pg_class"  # noqa: S608 - they are ours
    tables += " WHERE relkind = 'r' AND relnamespace = 'surestock'::regnamespace"
    found = {name: may for name, *may in cluster.execute(tables, "surestock")}
    assert found.pop("migrations") == ["t", "f", "f", "f", "f"]
    assert "records" in found
    assert {tuple(may) for may in found.values()} == {("t", "t", "t", "t", "f")}


async def test_tables_of_later_releases_are_granted_as_well(cluster: Cluster) -> None:
    await _set_up(cluster)
    lane = Lane(_as(OWNER, cluster))
    async with lane.use() as connection:
        await connection.execute("CREATE TABLE surestock.later (it integer)")
    await lane.close()
    lane = Lane(_as(USER, cluster))
    async with lane.use() as connection:
        await connection.execute("INSERT INTO surestock.later VALUES (1)")
    await lane.close()


async def test_what_the_page_says_about_autovacuum_is_taken(cluster: Cluster) -> None:
    await _set_up(cluster)
    found = cluster.execute(
        "SELECT count(*) FROM pg_class WHERE array_to_string(reloptions, ' ') ~ 'autovacuum'",
        "surestock",
    )
    assert found == [(str(sum(sql.count("ALTER TABLE") for sql in SQL)),)]


@pytest.mark.parametrize("heading", NUMBERS)
def test_every_number_is_the_one_in_the_code(heading: str) -> None:
    told = {
        code_in(row.cells[heading])[0]: row.cells["value"]
        for row in rows_of(TEXT)
        if heading in row.cells and "value" in row.cells
    }
    assert told
    defaults = {field.name: field.default for field in structs.fields(NUMBERS[heading])}
    assert {name: str(defaults[name]) for name in told} == told
    assert heading != "connection" or {
        name for name, value in defaults.items() if isinstance(value, float)
    } == set(told)


def test_the_sessions_are_called_as_the_code_calls_them() -> None:
    told = {
        name
        for row in rows_of(TEXT)
        if "sessions a process" in row.cells
        for name in code_in(row.cells["name"])
    }
    served = {sessions.API, sessions.TURNS, sessions.WORKER}
    assert told == served | {"surestock read", "surestock migrate", "surestock move"}


def test_every_setting_code_and_alert_that_it_names_exists() -> None:
    settings = {name.upper() for name in Settings.model_fields}
    named = {it for it in CODE if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", it)}
    assert len(named) > 5
    assert named - settings - THEIRS == set()
    codes = {kind.code for kind in KINDS.values()} | {rule["alert"] for rule in alerts()}
    named = {it for it in CODE if re.fullmatch(r"([A-Z][a-z]+){2,}", it)}
    assert len(named) > 5
    assert named - codes - THEIRS == set()


def test_every_command_and_metric_that_it_names_exists() -> None:
    commands = {it.name or it.callback.__name__ for it in app.registered_commands if it.callback}
    blocks = [block.content for block in blocks_of(PAGE) if block.language == "console"]
    shown = {it for it in CODE if it.startswith("surestock ")} - {"surestock read"}
    named = {it.split()[1] for it in shown}
    named |= set(re.findall(r"\bsurestock (\w+)", "\n".join(blocks)))
    assert {"migrate", "move", "verify", "serve"} <= named <= commands
    metrics = {it for it in CODE if re.fullmatch(r"surestock_\w+", it)} - {OWNER}
    source = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^\| `(surestock_\w+)`", source, re.MULTILINE))
    assert metrics
    assert metrics - known == set()


def test_every_table_that_it_names_is_made_by_a_migration() -> None:
    made = set(
        re.findall(
            r"CREATE TABLE surestock\.(\w+)", "".join(it.statements for it in known_migrations())
        )
    )
    what = [row.cells["what"] for row in rows_of(TEXT) if "how long" in row.cells]
    named = {name for cell in what for name in code_in(cell)}
    named |= set(re.findall(r"ALTER TABLE surestock\.(\w+)", "\n".join(SQL)))
    assert len(named) > 8
    assert named - made == set()


def test_what_it_says_a_start_tells_is_what_the_code_tells() -> None:
    told = [
        sentence
        for row in rows_of(TEXT)
        if "what you see" in row.cells
        for sentence in code_in(row.cells["what you see"])
        if " " in sentence and sentence not in THEIRS
    ]
    source = "\n".join(
        re.sub(r'"\n\s+f?"', "", path.read_text(encoding="utf-8"))
        for path in (ROOT / "src" / "surestock").rglob("*.py")
    )
    assert len(told) > 5
    assert [it for it in told if it not in source] == []
