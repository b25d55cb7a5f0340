"""The storms have teeth: engines that are broken on purpose do not get through them."""

import re
from collections.abc import Callable
from datetime import timedelta
from types import MappingProxyType
from typing import Any

import asyncpg
import msgspec
import pytest

from surestock.engine.postgres import doubt, loading, transaction, writing
from surestock.engine.postgres.transaction import Transaction
from surestock.engine.postgres.writing import Rows
from surestock.inventory.invariants import InvariantViolation
from surestock.kit.clock import ManualClock
from surestock.runtime.offline.tables import RecordsDamaged
from tests.engine.postgres import test_commits as commits
from tests.engine.postgres.test_storms import weathered
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy

Break = Callable[[pytest.MonkeyPatch, Cluster], None]

_MOST_STORMS = 12
_WITHOUT_LOCK = "SELECT sequence FROM surestock.head"


def _say(patch: pytest.MonkeyPatch, **statements: str) -> None:
    """Let statements be other ones."""
    said = MappingProxyType({**loading.SQL, **statements})
    for module in (loading, doubt, transaction, writing):
        patch.setattr(module, "SQL", said)


def _forgets_keys(patch: pytest.MonkeyPatch, _: Cluster) -> None:
    write = Rows.write

    async def forgetful(rows: Rows, connection: asyncpg.Connection, ttl: timedelta) -> Any:
        rows._answers.clear()  # noqa: SLF001 - it is broken on purpose, as below
        rows._batches.clear()  # noqa: SLF001
        return await write(rows, connection, ttl)

    patch.setattr(Rows, "write", forgetful)


def _tells_the_time_before_its_locks(patch: pytest.MonkeyPatch, _: Cluster) -> None:
    run = Transaction.run

    async def early(self: Transaction) -> Any:
        tools = self._tools
        self._tools = msgspec.structs.replace(tools, clock=ManualClock(tools.clock.now()))
        return await run(self)

    patch.setattr(Transaction, "run", early)


class _HeadOfItsOwn:
    """A connection that takes the head before its transaction, in another one."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    async def fetchrow(self, statement: str, *arguments: Any) -> Any:
        host, port = self._connection._addr  # type: ignore[attr-defined]  # noqa: SLF001
        name = await self._connection.fetchval("SELECT current_database()")
        other = await asyncpg.connect(host=host, port=port, user="postgres", database=name)
        count = len(arguments[0])
        taken = "UPDATE surestock.head SET sequence = sequence + $1 RETURNING sequence"
        base = await other.fetchval(taken, count) - count
        await other.close()
        said = re.sub(
            r"(?s)taken AS \(.*?AS base\n\)", f"taken AS (SELECT {base} AS base)", statement
        )
        assert said != statement
        return await self._connection.fetchrow(said, *arguments)


def _takes_the_head_first(patch: pytest.MonkeyPatch, _: Cluster) -> None:
    write = Rows.write
    _say(patch, hold_head=_WITHOUT_LOCK)

    async def early(rows: Rows, connection: asyncpg.Connection, ttl: timedelta) -> Any:
        return await write(rows, _HeadOfItsOwn(connection), ttl)  # type: ignore[arg-type]

    patch.setattr(Rows, "write", early)


async def _nothing(*_: object) -> set[Any]:
    return set()


def _believes_in_what_it_did_not_see(patch: pytest.MonkeyPatch, _: Cluster) -> None:
    for module in (loading, transaction):
        patch.setattr(module, "present", _nothing)


def _replaces_what_is_new(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    _believes_in_what_it_did_not_see(patch, cluster)
    _say(patch, add_documents=loading.SQL["replace_documents"])


def _locks_no_documents(patch: pytest.MonkeyPatch, _: Cluster) -> None:
    for name in ("lock_documents", "lock_free_documents"):
        said = re.sub(r"FOR UPDATE.*", "", loading.SQL[name])
        _say(patch, **{name: said})


async def _caught(cluster: Cluster) -> str:
    """Play storms until one shows that the engine is broken; return how."""
    for seed in range(2, 2 + 2 * _MOST_STORMS, 2):
        try:
            await weathered(cluster, seed, 500, commits=0.0, blows=0.0)
        except (AssertionError, RecordsDamaged) as error:
            return str(error)
        except ExceptionGroup as errors:
            broken = errors.subgroup(InvariantViolation)
            if broken is None:
                raise
            return str(broken.exceptions[0])
    return "never"


@pytest.mark.parametrize(
    ("breaks", "how"),
    [
        (_forgets_keys, "twice|repeats an idempotency key"),
        (_tells_the_time_before_its_locks, "by the time before its lock"),
        (_takes_the_head_first, "a gap|missing|head says"),
        (_believes_in_what_it_did_not_see, "checkout|cart"),
        (_replaces_what_is_new, "checkout|cart|version"),
        (_locks_no_documents, "checkout|cart|version|product"),
    ],
    ids=lambda it: it.__name__.strip("_") if callable(it) else "",
)
@pytest.mark.prove
@pytest.mark.timeout(600)
async def test_it_is_caught_without_a_blow(
    postgres: Cluster, monkeypatch: pytest.MonkeyPatch, breaks: Break, how: str
) -> None:
    breaks(monkeypatch, postgres)
    assert re.search(how, await _caught(postgres))


async def test_who_does_not_wait_for_a_commit_in_doubt_is_caught(
    postgres: Cluster, proxy: Proxy, shop: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _say(monkeypatch, hold_head=_WITHOUT_LOCK)
    with pytest.raises(AssertionError):
        await commits.test_each_command_of_the_batch_happens_once(
            postgres, proxy, shop, commits.standby_gone_for_a_while, "without keys"
        )
