"""Nothing is moved on top of something else, from a log that is in use, or from a damaged one."""

import asyncio
import shutil
from pathlib import Path

import asyncpg
import pytest

from surestock.database import SchemaBehind
from surestock.journal.errors import JournalDamaged, JournalHeld
from surestock.journal.hold import JournalHold
from surestock.kit import failpoints
from surestock.runtime.moving import MoveRefused, MoveUnproved
from surestock.runtime.moving import log_source as source_module
from surestock.runtime.offline.tables import RecordsDamaged
from tests.cli.kept import Shop, kept, pruned
from tests.real.postgres import Cluster
from tests.runtime.moving.premises import Premises, Silence, Struck, records_of, struck


async def _interrupted(premises: Premises, name: str = "move.committed") -> None:
    failpoints.arm(name, struck)
    with pytest.raises(Struck):
        await premises.move()
    failpoints.disarm_all()


async def test_a_database_that_was_moved_into_is_not_empty(premises: Premises) -> None:
    await premises.move()
    with pytest.raises(MoveRefused, match="is not empty"):
        await premises.move()
    assert (await premises.audit()).findings == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE surestock.head SET sequence = 1",
        "INSERT INTO surestock.levels VALUES ('s', 'k', 1, 0, 1, now())",
        "INSERT INTO surestock.documents VALUES ('#cart', 'u', '{}')",
        "INSERT INTO surestock.answers VALUES ('\\x00', 1, now())",
    ],
)
async def test_a_database_that_holds_anything_is_refused(
    premises: Premises, statement: str
) -> None:
    await premises.ask(statement)
    with pytest.raises(MoveRefused, match="is not empty"):
        await premises.move()
    assert await premises.records() == []


async def test_a_database_without_tables_is_refused(premises: Premises, postgres: Cluster) -> None:
    name = postgres.create_database("untabled")
    try:
        premises.url = name
        with pytest.raises(SchemaBehind, match="surestock migrate"):
            await premises.move()
    finally:
        postgres.drop_database("untabled")


async def test_another_log_is_refused_to_go_on_with(premises: Premises, tmp_path: Path) -> None:
    await _interrupted(premises)
    before = await premises.records()
    other = await asyncio.to_thread(kept, tmp_path / "other")
    premises.shop, mine = other, premises.shop
    with pytest.raises(MoveRefused, match="another log"):
        await premises.move()
    assert await premises.records() == before
    premises.shop = mine
    await premises.until_alone()
    await premises.move()


async def test_a_log_that_ends_before_what_was_moved_is_refused(
    premises: Premises, tmp_path: Path
) -> None:
    await _interrupted(premises)
    premises.shop = Shop(tmp_path / "short")
    await asyncio.to_thread(premises.shop.open)
    with pytest.raises(MoveRefused, match="another log"):
        await premises.move()


async def test_a_log_whose_beginning_was_deleted_between_two_runs_is_refused(
    premises: Premises, tmp_path: Path
) -> None:
    await _interrupted(premises)
    premises.shop = await asyncio.to_thread(pruned, tmp_path / "pruned")
    with pytest.raises(MoveRefused, match="begins with record 13"):
        await premises.move()


async def test_a_log_that_somebody_works_on_is_refused(premises: Premises) -> None:
    with JournalHold(premises.shop.log), pytest.raises(JournalHeld):
        await premises.move()
    assert await premises.ask("SELECT * FROM surestock.moving") == []


async def test_nobody_can_work_on_a_log_that_is_being_moved(premises: Premises) -> None:
    held: list[BaseException] = []

    def look() -> None:
        try:
            JournalHold(premises.shop.log).close()
        except JournalHeld as error:
            held.append(error)

    failpoints.arm("move.commit", look)
    await premises.move()
    assert held


async def test_a_damaged_log_is_refused_where_it_is_damaged(premises: Premises) -> None:
    segment = premises.shop.segments[0]
    content = segment.read_bytes()
    segment.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    with pytest.raises(JournalDamaged, match="checksum"):
        await premises.move()


async def test_a_torn_tail_is_left_out_and_told(premises: Premises) -> None:
    segment = premises.shop.segments[-1]
    records = records_of(premises.shop)
    with segment.open("ab") as file:
        file.write(b'{"crc":"half a li')
    watcher = Silence()
    await premises.move(watcher)
    assert watcher.left_out is not None
    assert str(segment) in watcher.left_out
    assert await premises.records() == records


async def test_a_log_without_its_beginning_and_without_a_snapshot_is_refused(
    premises: Premises, tmp_path: Path
) -> None:
    premises.shop = await asyncio.to_thread(pruned, tmp_path / "pruned")
    shutil.rmtree(premises.shop.config.snapshots)
    with pytest.raises(MoveRefused, match="no sound snapshot"):
        await premises.move()


async def test_what_arrives_altered_is_not_served(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The proof reads the records back: one that was changed on the way ends the move."""
    whole = source_module.LogSource._rows  # noqa: SLF001 - the tooth

    def altered(*arguments: object) -> list[tuple[int, str, str]]:
        return [(it[0], it[1], it[2].replace("till", "kiln")) for it in whole(*arguments)]  # type: ignore[arg-type]

    monkeypatch.setattr(source_module.LogSource, "_rows", altered)
    with pytest.raises(MoveUnproved, match="byte by byte"):
        await premises.move()
    assert await premises.ask("SELECT * FROM surestock.levels") == []
    assert await premises.ask("SELECT * FROM surestock.moving") != []


async def test_the_way_back_is_refused_while_surestock_is_connected(premises: Premises) -> None:
    await premises.move()
    settings = {"application_name": "surestock"}
    connection = await asyncpg.connect(premises.url, server_settings=settings)
    try:
        with pytest.raises(MoveRefused, match=r"\(1 connections\)"):
            await premises.move_back()
    finally:
        await connection.close()
    await premises.until_alone()
    await premises.move_back()


async def test_a_database_that_somebody_serves_is_refused(premises: Premises) -> None:
    settings = {"application_name": "surestock"}
    connection = await asyncpg.connect(premises.url, server_settings=settings)
    try:
        with pytest.raises(MoveRefused, match=r"\(1 connections\)"):
            await premises.move()
    finally:
        await connection.close()


async def test_a_database_that_somebody_wrote_to_meanwhile_is_not_served(
    premises: Premises,
) -> None:
    await _interrupted(premises)
    await premises.ask("UPDATE surestock.head SET sequence = 1")
    with pytest.raises(MoveRefused, match="Somebody has written"):
        await premises.move()
    assert await premises.ask("SELECT * FROM surestock.moving") != []


async def test_nobody_can_write_to_a_database_that_is_being_moved(premises: Premises) -> None:
    await premises.move()
    refused: list[str] = []

    async def write() -> None:
        connection = await asyncpg.connect(premises.url)
        try:
            await connection.execute("SET lock_timeout = '100ms'")
            await connection.execute("UPDATE surestock.head SET sequence = sequence + 1")
        except asyncpg.LockNotAvailableError as error:
            refused.append(str(error))
        finally:
            await connection.close()

    failpoints.arm("move.commit", lambda: asyncio.run(write()))  # in the thread that writes
    await premises.move_back()
    assert refused


async def test_a_directory_that_is_not_empty_is_refused(premises: Premises) -> None:
    await premises.move()
    premises.back.mkdir()
    (premises.back / "api-keys.json").write_text("{}")
    with pytest.raises(MoveRefused, match="is not empty"):
        await premises.move_back()
    assert [path.name for path in premises.back.iterdir()] == ["api-keys.json"]


async def test_the_way_back_does_not_go_on_with_another_log(premises: Premises) -> None:
    await premises.move()
    failpoints.arm("move.end", struck)
    with pytest.raises(Struck):
        await premises.move_back()
    failpoints.disarm_all()
    await premises.ask("UPDATE surestock.records SET body = replace(body, 'till', 'kiln')")
    with pytest.raises(MoveRefused, match="another database"):
        await premises.move_back()


async def test_a_damaged_database_is_not_moved_back(premises: Premises) -> None:
    await premises.move()
    await premises.ask("UPDATE surestock.levels SET on_hand = on_hand + 1")
    with pytest.raises(MoveUnproved, match="The database is damaged: levels"):
        await premises.move_back()
    await premises.ask("DELETE FROM surestock.records WHERE sequence = 7")
    with pytest.raises(RecordsDamaged, match="record 7: it is missing"):
        await premises.move_back()
    assert not (premises.back / "event-log").exists()
