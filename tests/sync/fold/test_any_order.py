"""Whatever fails, and whatever is decided about it: the view is the log without what was discarded.

Figure: changes, decisions and restarts tried. Teeth: views with one flaw each, which the same
machine must catch.
"""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from surestock.sync.view import CentralView
from tests.sync.fold import broken
from tests.sync.fold.machine import FoldMachine, Tally

pytestmark = pytest.mark.timeout(400)  # on a slow machine, or for several tries

STEPS = 40


def attack(view: type[CentralView], options: settings) -> Tally:
    """Run the machine on a view; return how much was tried."""

    class Machine(FoldMachine):
        made = view
        tally = Tally()

    run_state_machine_as_test(Machine, settings=options)
    return Machine.tally


def agree(examples: int) -> None:
    tally = attack(CentralView, settings(max_examples=examples, stateful_step_count=STEPS))
    print(f"central view: {tally}; disagreements 0")
    assert min(vars(tally).values()) > 0


def test_the_view_is_the_log_without_what_was_discarded() -> None:
    agree(150)


@pytest.mark.prove
@pytest.mark.timeout(1800)
def test_the_view_is_the_log_without_what_was_discarded_for_long() -> None:
    agree(5000)


@pytest.mark.parametrize("flawed", broken.FLAWED, ids=[type_.__name__ for type_ in broken.FLAWED])
def test_a_view_with_a_flaw_is_found_out(flawed: type[CentralView]) -> None:
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
        attack(flawed, options)
