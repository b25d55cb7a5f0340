"""The numbers of several processes as those of one: what is added, and what is not."""

from pathlib import Path

import pytest

from surestock.kit.clock import ManualClock
from surestock.telemetry.join import LEVELS, joined
from surestock.telemetry.metrics import BREAKER_STATES, Metrics
from surestock.telemetry.share import Family, Sample, families_of
from tests.telemetry.members import Member
from tests.telemetry.shown import exposition_of


async def test_of_every_level_it_is_said_what_it_is_for_several_processes() -> None:
    shown = families_of(await exposition_of(Metrics()).families())
    levels = {family.name for family in shown if family.kind == "gauge"}
    assert levels | {"surestock_snapshots"} == set(LEVELS)


def breaker(state: str) -> list[Family]:
    samples: list[Sample] = [
        ("surestock_breaker_state", (("breaker", "journal"), ("state", it)), float(it == state))
        for it in BREAKER_STATES
    ]
    return [Family("surestock_breaker_state", "gauge", "It.", samples)]


@pytest.mark.parametrize(
    ("states", "worst"),
    [
        (["closed", "closed"], "closed"),
        (["closed", "half_open"], "half_open"),
        (["open", "half_open", "closed"], "open"),
        (["half_open", "open"], "open"),
    ],
)
def test_a_breaker_is_in_the_worst_state_that_it_is_in_somewhere(
    states: list[str], worst: str
) -> None:
    assert joined(map(breaker, states)) == breaker(worst)


def test_the_order_of_the_processes_decides_the_last_digit_and_is_kept() -> None:
    def counted(value: float) -> list[Family]:
        return [Family("a", "counter", "It.", [("a_total", (), value)])]

    one, two, three = counted(0.1), counted(0.2), counted(0.3)
    assert joined([one, two, three]) != joined([three, two, one])


async def test_every_process_adds_up_the_same_fractions(tmp_path: Path) -> None:
    clock = ManualClock()
    members = [Member(tmp_path, slot, clock) for slot in range(3)]
    # 0.1 + 0.1 + 0.4 is not 0.4 + 0.1 + 0.1.
    for member, seconds in zip(members, (0.1, 0.1, 0.4), strict=True):
        member.metrics.fsync_s.observe(seconds)
        await member.shared.text()
    sums = {await member.value("surestock_fsync_duration_seconds_sum") for member in members}
    assert len(sums) == 1


async def test_what_all_have_heard_of_the_worker_is_not_added_up(tmp_path: Path) -> None:
    clock = ManualClock()
    first, second = (Member(tmp_path, slot, clock, snapshots=4) for slot in range(2))
    await first.shared.text()
    assert await second.value("surestock_snapshots_total") == 4
    assert await second.value("surestock_sync_applied_sequence") == 7
    assert (await second.shared.counters())["snapshots"] == 4
    heir = Member(tmp_path, 0, clock, snapshots=1)
    clock.advance(6)
    assert await heir.value("surestock_snapshots_total") == 1
