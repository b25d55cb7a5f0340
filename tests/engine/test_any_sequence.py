"""Whatever is sent, in whatever order, at whatever time: the engine is right.

Figure: examples run and commands sent. Teeth: engines with one flaw each, which the same machine
must catch.
"""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.engine import broken
from tests.engine.engines import ENGINES, Open
from tests.engine.machine import EngineMachine
from tests.engine.twin import Tally

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

QUICK = {
    "memory": 120,
    "log": 50,
    "log kept up": 12,
    "shared log": 20,
    "three on a log": 25,
    "postgres 15": 10,
    "postgres 18": 15,
}
LONG = {
    "memory": 3000,
    "log": 1500,
    "log kept up": 300,
    "shared log": 300,
    "three on a log": 600,
    "postgres 15": 150,
    "postgres 18": 300,
}
STEPS = 40


def attack(open_engine: Open, root: Path, options: settings, *, durable: bool) -> Tally:
    """Run the machine on an engine; return how much was tried."""
    tally = Tally()

    class Machine(EngineMachine):
        def __init__(self) -> None:
            super().__init__(open_engine, root, tally, durable=durable)

    run_state_machine_as_test(Machine, settings=options)
    return tally


def agree(engine_name: str, root: Path, examples: int) -> None:
    options = settings(max_examples=examples, stateful_step_count=STEPS)
    durable = engine_name != "memory"
    tally = attack(ENGINES[engine_name], root, options, durable=durable)
    print(f"engine {engine_name}: {tally}, disagreements 0")
    assert tally.records > examples


def test_engine_and_reference_agree(engine_name: str, tmp_path: Path) -> None:
    agree(engine_name, tmp_path, QUICK[engine_name])


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_engine_and_reference_agree_for_long(engine_name: str, tmp_path: Path) -> None:
    agree(engine_name, tmp_path, LONG[engine_name])


@pytest.mark.parametrize("flawed", broken.FLAWED, ids=[type_.__name__ for type_ in broken.FLAWED])
def test_an_engine_with_a_flaw_is_found_out(flawed: Open, tmp_path: Path) -> None:
    options = settings(
        max_examples=5_000,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    with pytest.raises(AssertionError):
        attack(flawed, tmp_path, options, durable=False)
