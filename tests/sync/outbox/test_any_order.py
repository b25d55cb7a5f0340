"""Whatever fails, and whatever is decided about it: the kept view, too, is the log without that.

It is the attack on the view in memory, on tables. Teeth: statements that forget something.
"""

import asyncio
from collections.abc import Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from surestock.database import DatabaseConfig, Lane, migrate
from surestock.sync.outbox import deciding, excerpt
from surestock.sync.outbox.head import SQL
from tests.real.postgres import Cluster
from tests.sync.fold.machine import FoldMachine, Tally
from tests.sync.outbox.kept_view import KeptView

STEPS = 40

FORGETFUL = {
    "unpark": "SELECT $1::text, $2::bigint, $3::integer",
    "park": "SELECT $1::text[], $2::bigint[], $3::integer[]",
    "drop_doubts": "SELECT $1::text[]",
    "put_levels": SQL["put_levels"].partition("ON CONFLICT")[0]
    + "ON CONFLICT (sku, store_id) DO NOTHING",
    "put_letter": SQL["put_letter"].partition("ON CONFLICT")[0]
    + "ON CONFLICT (sequence, idx) DO NOTHING",
    "put_doubt": SQL["put_doubt"].replace("$2,", "($2::text[])[1:0],"),
    "parked": SQL["parked"].replace(
        "ORDER BY parked.sequence, parked.idx", "ORDER BY parked.sequence DESC, parked.idx"
    ),
}


pytestmark = [
    pytest.mark.usefixtures("kept"),
    pytest.mark.timeout(400),
]  # on a slow machine, or for several tries


class KeptMachine(FoldMachine):
    """The machine without restarts: this view needs none, and starts from no snapshot."""

    made = KeptView

    def restart(self, back: int) -> None:
        """Do nothing: it is no rule here."""


@pytest.fixture
def kept(postgres: Cluster, database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep views in a database, and have few changes at hand at a time."""

    async def connect() -> asyncpg.Connection:
        lane = Lane(DatabaseConfig(postgres.url(database), connect_s=60, deadline_s=600))
        await lane.open()
        assert lane._connection is not None  # noqa: SLF001 - it is lent for the whole test
        await migrate(lane._connection)  # noqa: SLF001
        return lane._connection  # noqa: SLF001

    monkeypatch.setattr(deciding, "_MANY", 2)
    monkeypatch.setattr(deciding, "_FEW", 1)
    with asyncio.Runner() as runner:
        KeptView.runner = runner
        KeptView.connection = runner.run(connect())
        yield
        runner.run(KeptView.connection.close())


def attack(options: settings) -> Tally:
    class Machine(KeptMachine):
        tally = Tally()

    run_state_machine_as_test(Machine, settings=options)
    return Machine.tally


def agree(examples: int) -> None:
    tally = attack(settings(max_examples=examples, stateful_step_count=STEPS))
    print(f"kept view: {tally}; disagreements 0")
    assert tally.changes > examples
    assert tally.redriven + tally.discarded > 0


def test_the_kept_view_is_the_log_without_what_was_discarded() -> None:
    agree(15)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_the_kept_view_is_the_log_without_what_was_discarded_for_long() -> None:
    agree(500)


@pytest.mark.parametrize("statement", FORGETFUL)
def test_a_statement_that_forgets_something_is_found_out(
    monkeypatch: pytest.MonkeyPatch, statement: str
) -> None:
    flawed = {**SQL, statement: FORGETFUL[statement]}
    monkeypatch.setattr(excerpt, "SQL", flawed)
    options = settings(
        max_examples=1_000,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises((AssertionError, asyncpg.IntegrityConstraintViolationError)):
        attack(options)
