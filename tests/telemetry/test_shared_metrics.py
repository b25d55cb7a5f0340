"""Metrics of several processes: whoever is asked answers for all, and no sum ever goes down."""

from pathlib import Path

import anyio
import pytest
from anyio.lowlevel import checkpoint
from blockbuster import BlockBuster

from surestock.kit.clock import ManualClock
from surestock.telemetry.shared_metrics import ALIVE_FOR_S, clear_slots
from tests.telemetry.members import Member
from tests.telemetry.prometheus_rules import complaints

RATE_LIMITED = "surestock_rate_limited_total"
CONNECTIONS = "surestock_connections"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "metrics"


@pytest.fixture
def members(folder: Path, clock: ManualClock) -> list[Member]:
    return [Member(folder, slot, clock) for slot in range(3)]


async def test_whoever_is_asked_answers_for_all(
    members: list[Member],
    no_blocking_calls: BlockBuster,  # noqa: ARG001 - asked for, so that it watches
) -> None:
    for number, member in enumerate(members, 1):
        member.metrics.rate_limited = number
        member.metrics.connections = 10 * number
        member.metrics.route("GET", f"/{number}").count(200, 0.1)
        member.metrics.route("GET", "/all").count(503, 0.1)
        await member.shared.text()
    for member in members:
        assert await member.value(RATE_LIMITED) == 6
        assert await member.value(CONNECTIONS) == 60
        requests = "surestock_http_requests_total"
        assert await member.value(requests, method="GET", route="/all", status="503") == 3
        assert await member.value(requests, method="GET", route="/2", status="200") == 1
        counters = await member.shared.counters()
        assert (counters["rateLimited"], counters["requests"], counters["errors"]) == (6, 6, 3)


async def test_the_answer_keeps_the_rules_of_prometheus(folder: Path, clock: ManualClock) -> None:
    first, second = Member(folder, 0, clock), Member(folder, 1, clock)
    second.metrics.route("GET", "/only/here").count(200, 0.1)
    await second.shared.text()
    text = (await first.shared.text()).decode()
    own = [line for line in text.splitlines() if "surestock_" in line]
    assert list(complaints("\n".join(own))) == []


async def test_the_buckets_of_a_histogram_add_up(folder: Path, clock: ManualClock) -> None:
    first, second = Member(folder, 0, clock), Member(folder, 1, clock)
    for seconds in (0.0001, 0.002, 0.002, 9.0):
        first.metrics.fsync_s.observe(seconds)
    for seconds in (0.002, 0.03):
        second.metrics.fsync_s.observe(seconds)
    await first.shared.text()
    name = "surestock_fsync_duration_seconds"
    shown = {le: await second.value(f"{name}_bucket", le=le) for le in ("0.0001", "0.0025", "0.05")}
    assert shown == {"0.0001": 1, "0.0025": 4, "0.05": 5}
    assert await second.value(f"{name}_bucket", le="+Inf") == 6
    assert await second.value(f"{name}_count") == 6
    assert await second.value(f"{name}_sum") == pytest.approx(9.0361)


async def test_no_sum_goes_down_when_a_process_dies_and_another_takes_its_slot(
    folder: Path, clock: ManualClock
) -> None:
    survivor, victim = Member(folder, 0, clock), Member(folder, 1, clock)
    survivor.metrics.rate_limited = 1
    victim.metrics.rate_limited = 5
    victim.metrics.commit_s.observe(0.01)
    victim.metrics.route("GET", "/a").count(200, 0.1)
    before = await victim.samples()
    assert await survivor.value(RATE_LIMITED) == 6
    for generation in (1, 2):
        heir = Member(folder, 1, clock)
        assert await survivor.value(RATE_LIMITED) == 5 + generation
        heir.metrics.rate_limited = 1
        after = await heir.samples()
        assert after[RATE_LIMITED, ()] == 6 + generation
        assert await survivor.value(RATE_LIMITED) == 6 + generation
        sums = [key for key in before if key[0].endswith(("_total", "_bucket", "_count"))]
        assert len(sums) > 100
        assert [key for key in sums if after[key] < before[key]] == []
        before = after


async def test_what_lives_counts_and_what_is_dead_does_not(
    folder: Path, clock: ManualClock
) -> None:
    survivor, victim = Member(folder, 0, clock), Member(folder, 1, clock)
    survivor.metrics.connections, victim.metrics.connections = 2, 3
    victim.metrics.rate_limited = 4
    victim.metrics.ready = lambda: False
    await victim.shared.text()
    clock.advance(ALIVE_FOR_S)
    assert await survivor.value(CONNECTIONS) == 5
    assert await survivor.value("surestock_ready") == 0
    clock.advance(0.1)
    assert await survivor.value(CONNECTIONS) == 2
    assert await survivor.value("surestock_ready") == 1
    assert await survivor.value(RATE_LIMITED) == 4


async def test_a_process_that_ends_in_order_says_so_and_leaves_its_last_counts(
    folder: Path, clock: ManualClock
) -> None:
    survivor, leaver = Member(folder, 0, clock), Member(folder, 1, clock)
    leaver.metrics.connections = 3
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(leaver.shared.run)
        with anyio.fail_after(30):
            while not (folder / "1").exists():
                await checkpoint()
        assert await survivor.value(CONNECTIONS) == 3
        leaver.metrics.rate_limited = 7
        tasks.cancel_scope.cancel()
    assert await survivor.value(RATE_LIMITED) == 7
    assert await survivor.value(CONNECTIONS) == 0


async def test_levels_of_another_boot_of_the_machine_count_for_nothing(
    folder: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surestock.telemetry.shared_metrics.boot_id", lambda: "another boot")
    before = Member(folder, 1, clock)
    before.metrics.connections = 3
    await before.shared.text()
    monkeypatch.undo()
    assert await Member(folder, 0, clock).value(CONNECTIONS) == 0


@pytest.mark.parametrize("damage", [b"", b"garbage", b"\x93\xa4boot\xc0", None])
async def test_a_damaged_file_takes_nothing_away_and_is_told_once(
    folder: Path, clock: ManualClock, damage: bytes | None
) -> None:
    reader, writer = Member(folder, 0, clock), Member(folder, 1, clock)
    writer.metrics.rate_limited = 5
    await writer.shared.text()
    assert await reader.value(RATE_LIMITED) == 5
    place = folder / "1"
    if damage is None:
        place.unlink()
    else:
        place.write_bytes(damage)
    assert [await reader.value(RATE_LIMITED) for _ in range(3)] == [5, 5, 5]
    assert reader.told() == ["metrics of a process cannot be read"]
    writer.metrics.rate_limited = 6
    await writer.shared.text()
    assert await reader.value(RATE_LIMITED) == 6
    place.write_bytes(b"again")
    await reader.shared.text()
    assert len(reader.told()) == 2


async def test_a_process_whose_own_slot_is_damaged_begins_anew_and_says_so(
    folder: Path, clock: ManualClock
) -> None:
    folder.mkdir()
    (folder / "0").write_bytes(b"garbage")
    member = Member(folder, 0, clock)
    member.metrics.rate_limited = 1
    assert await member.value(RATE_LIMITED) == 1
    assert member.told() == ["metrics of a process cannot be read"]


async def test_who_cannot_write_answers_all_the_same_and_says_so_once(
    folder: Path, clock: ManualClock
) -> None:
    other = Member(folder, 1, clock)
    other.metrics.rate_limited = 2
    await other.shared.text()
    member = Member(folder, 0, clock)
    member.metrics.rate_limited = 1
    (folder / "0.tmp").mkdir()
    assert [await member.value(RATE_LIMITED) for _ in range(2)] == [3, 3]
    assert member.told() == ["metrics cannot be told to other processes"]
    (folder / "0.tmp").rmdir()
    await member.shared.text()
    assert await other.value(RATE_LIMITED) == 3


async def test_a_new_run_of_the_service_counts_from_0(folder: Path, clock: ManualClock) -> None:
    earlier = Member(folder, 0, clock)
    earlier.metrics.rate_limited = 5
    await earlier.shared.text()
    (folder / "1.tmp").write_bytes(b"half")
    (folder / "note").write_bytes(b"somebody else's")
    clear_slots(folder)
    assert [it.name for it in folder.iterdir()] == ["note"]
    assert await Member(folder, 0, clock).value(RATE_LIMITED) == 0


async def test_many_ask_at_once_and_all_are_told_the_same(members: list[Member]) -> None:
    for member in members:
        member.metrics.rate_limited = 1
        await member.shared.text()
    answers: list[float] = []

    async def ask(member: Member) -> None:
        answers.append(await member.value(RATE_LIMITED))

    async with anyio.create_task_group() as tasks:
        for member in members * 5:
            tasks.start_soon(ask, member)
    assert answers == [3] * 15
    assert [member.told() for member in members] == [[], [], []]
