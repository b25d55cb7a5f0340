"""A shop whose stock is in PostgreSQL: its database, and the processes that work on it."""

import asyncio
import random
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from surestock.database import DatabaseConfig, migrate, open_connection
from tests.proof.fleet import Fleet
from tests.proof.several import Several
from tests.real.cluster import Cluster
from tests.real.postgres_wire import StatementFailed

_GONE_WITHIN_S = 60.0
_LOOK_EVERY_S = 0.02
_COMMIT_US = 100_000
_SLOW_S = 60.0
COOLDOWN_MS = "500"
"""How long a process of these proofs leaves a lost database alone before it looks again."""


@dataclass
class Shop:
    """``url`` is where its processes find the database, ``cluster`` where a test does."""

    fleet: Fleet
    cluster: Cluster
    database: str
    url: str

    def migrate(self) -> None:
        """Make the tables."""

        async def make() -> None:
            connection = await open_connection(DatabaseConfig(self.url, _SLOW_S, _SLOW_S))
            await migrate(connection)
            await connection.close()

        asyncio.run(make())

    def settings(self, **changed: str) -> dict[str, str]:
        """Return what a process has in its environment; ``changed`` comes on top."""
        mine = {"ENGINE": "postgres", "DATABASE_URL": self.url, "BREAKER_COOLDOWN_MS": COOLDOWN_MS}
        return mine | changed

    def several(
        self,
        dice: random.Random,
        count: int = 3,
        teeth: Sequence[str | None] = (),
        **changed: str,
    ) -> Several:
        """Return API processes, which are not started yet. A command waits for other processes."""
        settings = self.settings(**{"LOCKS_ENABLED": "false", **changed})
        return Several(self.fleet, dice, count, teeth, **settings)

    def records(self) -> list[dict[str, Any]]:
        """Return every record, in order, as the table has it."""
        rows = self.cluster.execute(
            "SELECT body FROM surestock.records ORDER BY sequence", self.database
        )
        return [orjson.loads(body) for (body,) in rows if body is not None]

    def backends(self) -> list[int]:
        """Return the server's processes that serve the shop now; none when it cannot tell."""
        with suppress(StatementFailed, OSError):
            return self.cluster.backends(self.database)
        return []

    def await_backends_gone(self) -> None:
        """Wait until nobody is served: whose client ended without a word is there for longer."""
        deadline = time.monotonic() + _GONE_WITHIN_S
        while backends := self.cluster.backends(self.database):
            assert time.monotonic() < deadline, f"{backends} serve somebody who is gone"
            time.sleep(_LOOK_EVERY_S)

    def let_commits_take_their_time(self) -> None:
        """Let each commit take a tenth of a second, so that something can happen in the middle.

        One whose process is stopped before it, its own clock ends when it goes on.
        """
        for setting in (f"commit_delay = {_COMMIT_US}", "commit_siblings = 0"):
            self.cluster.execute(f'ALTER DATABASE "{self.database}" SET {setting}')

    def try_kill_backend(self, dice: random.Random) -> bool:
        """Kill one of those that serve the shop, if there is any.

        The server then ends all others, and recovers.
        """
        backends = self.backends()
        with suppress(AssertionError):  # it has just ended
            if backends:
                self.cluster.kill_backend(dice.choice(backends))
                return True
        return False

    def require_sound(self) -> None:
        """Replay all records, as an operator does, and hold every table against them."""
        check = self.fleet.verification(self.settings())
        code = check.run()
        if code:
            raise AssertionError(f"verify exits with {code}: {check.tail()}")
