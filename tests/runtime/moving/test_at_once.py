"""A move and a server that begin at the same time: at least one of both sees the other."""

import asyncio

import asyncpg
import pytest

from surestock.database import Moved, open_connection
from surestock.journal.scan import LogStart
from surestock.kit.clock import SystemClock
from surestock.mirror.across.database import DatabaseTurns
from surestock.runtime.errors import StartRefused
from surestock.runtime.moving import MoveRefused
from surestock.runtime.moving.database_target import DatabaseTarget
from surestock.runtime.postgres.stock import make_postgres_stock
from surestock.runtime.settings import Settings
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics
from tests.database.patient import patient
from tests.runtime.moving.premises import Premises

_BEGUN = "INSERT INTO surestock.moving (only_row, through, crc, source) VALUES (true, 0, '', 'x')"


async def test_who_begins_to_serve_while_a_move_begins_is_seen(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = DatabaseTarget.begin
    served: list[asyncpg.Connection] = []

    async def begun_beside(self: DatabaseTarget, begins: LogStart, source: str) -> Moved:
        moved = await begin(self, begins, source)
        if not served:
            served.append(await open_connection(patient(premises.url)))
        return moved

    monkeypatch.setattr(DatabaseTarget, "begin", begun_beside)
    with pytest.raises(MoveRefused, match="Other processes of Surestock are connected"):
        await premises.move()
    assert await premises.records() == []
    await served[0].close()
    await premises.until_alone()
    await premises.move()


async def test_a_move_that_begins_while_a_server_starts_is_seen(
    premises: Premises, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(engine="postgres", database_url=premises.url)
    clock = SystemClock()
    log = make_log(lambda _: None, clock, "info")
    stock = make_postgres_stock(settings, clock, Metrics(), log, None, None)
    turns = stock.across
    assert isinstance(turns, DatabaseTurns)
    opens = turns.open

    async def opened_beside() -> None:
        await opens()
        await premises.ask(_BEGUN)

    monkeypatch.setattr(turns, "open", opened_beside)
    try:
        with pytest.raises(StartRefused, match="the move from x has come to record 0"):
            await stock.start()
    finally:
        running = asyncio.ensure_future(turns.run())
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        await stock.engine.close()
