"""Death at, and failure of, each single system call that changes the data directory."""

import random
import shutil
from pathlib import Path

import pytest

from tests.proof import syscalls
from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.ledger import Operation
from tests.proof.server import RefusedToStart, Server
from tests.proof.syscalls import CrashPoint
from tests.proof.workload import Workload

_NOT_HERE = syscalls.why_unavailable()
pytestmark = pytest.mark.skipif(_NOT_HERE is not None, reason=_NOT_HERE or "")
_SETTINGS = {"SEGMENT_BYTES": "4096"}
_OPERATIONS = 14
_HOW_MANY = [2, pytest.param(0, marks=[pytest.mark.prove, pytest.mark.timeout(1_500)])]


def _campaign(server: Server) -> tuple[Campaign, list[Operation]]:
    campaign = Campaign(server, clients=1)
    campaign.workload = Workload(random.Random(7), skus=("sku-1", "sku-2"))
    opening = campaign.workload.opening()
    return campaign, [
        *opening,
        *(campaign.workload.next() for _ in range(_OPERATIONS - len(opening))),
    ]


def _dry_run(server: Server, root: Path) -> list[CrashPoint]:
    trace = root / "trace"
    server.start(syscalls.record(trace))
    campaign, operations = _campaign(server)
    campaign.run_alone(operations)
    assert campaign.ledger.acknowledged > 0
    server.stop()
    points = syscalls.crash_points(trace, root, server.data_dir.name)
    assert {"openat", "pwrite64", "fdatasync", "fsync"} <= {point.name for point in points}
    return points


def _chosen(points: list[CrashPoint], how_many: int) -> list[CrashPoint]:
    """Return all points (0), or for a quick run some that lie apart."""
    if how_many == 0:
        return points
    return points[len(points) // 3 :: len(points) // how_many][:how_many]


def _start_if_it_can(server: Server, wrap: list[str]) -> bool:
    try:
        server.start(wrap)
    except RefusedToStart:
        return False
    return True


@pytest.mark.parametrize("how_many", _HOW_MANY)
def test_an_acknowledged_change_survives_death_at_each_system_call(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    points = _chosen(
        _dry_run(make_server(tmp_path / "dry", role="api", settings=_SETTINGS), tmp_path), how_many
    )
    acknowledged = deaths = 0
    for number, point in enumerate(points):
        root = tmp_path / f"point-{number}"
        root.mkdir()
        server = make_server(root / "dry", role="api", settings=_SETTINGS)
        campaign, operations = _campaign(server)
        survived = _start_if_it_can(server, point.kill(root)) and campaign.run_alone(operations)
        deaths += not survived
        server.kill()
        server.start()
        campaign.settle()
        verdict = campaign.judge()
        verdict.require_clean()
        acknowledged += verdict.acknowledged
        server.kill()
    assert deaths >= 0.9 * len(points)
    figures.add(
        "… at any instant",
        "SIGKILL on entry to each system call on the data directory",
        f"{len(points)} calls, {deaths} deaths, acknowledged {acknowledged}, lost 0, phantoms 0",
    )


@pytest.mark.parametrize("how_many", _HOW_MANY)
def test_recovery_may_die_at_each_of_its_system_calls(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    """The log ends in half a line; whoever cuts it off is killed at each step of that."""
    server = make_server(tmp_path / "dry", role="api", settings=_SETTINGS)
    campaign, operations = _campaign(server)
    server.start()
    campaign.run_alone(operations)
    campaign.settle()
    server.stop()
    last = max((tmp_path / "dry" / "event-log").glob("*.ndjson"))
    with last.open("ab") as segment:
        segment.write(last.read_bytes().splitlines(keepends=True)[-1][:-20])
    template = tmp_path / "template"
    shutil.copytree(tmp_path / "dry", template)
    trace = tmp_path / "trace"
    server.start(syscalls.record(trace))
    server.stop()
    points = syscalls.crash_points(trace, tmp_path, "dry")
    assert (last.relative_to(tmp_path).as_posix(), "ftruncate") in {
        (p.path, p.name) for p in points
    }
    points = _chosen(points, how_many)
    for point in points:
        shutil.rmtree(tmp_path / "dry")
        shutil.copytree(template, tmp_path / "dry")
        if _start_if_it_can(server, point.kill(tmp_path)):
            server.kill()
        server.start()
        campaign.judge_anew().require_clean()
        server.kill()
    figures.add(
        "… and during recovery",
        "SIGKILL on entry to each system call that cuts a torn tail off",
        f"{len(points)} calls, lost 0, phantoms 0",
    )


def _acknowledged_in_spite_of(server: Server, point: CrashPoint, root: Path) -> int | None:
    """Return how many operations were acknowledged from the failure on; None: it had no effect."""
    root.mkdir()
    campaign, operations = _campaign(server)
    server.start(point.fail(root))
    campaign.run_alone(operations)
    assert "(INJECTED)" in (root / "injected").read_text()
    unanswered = [number for number, each in enumerate(operations) if each.is_unanswered]
    if not unanswered:
        return None
    acknowledged = sum(each.is_acknowledged for each in operations[unanswered[0] :])
    assert server.await_exit() != 0
    server.start()
    campaign.settle()
    campaign.judge().require_clean()
    server.kill()
    return acknowledged


@pytest.mark.parametrize("how_many", _HOW_MANY)
def test_nothing_is_acknowledged_after_a_failed_fdatasync(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    points = _dry_run(make_server(tmp_path / "dry", role="api", settings=_SETTINGS), tmp_path)
    syncs = _chosen([point for point in points if point.name == "fdatasync"], how_many)
    for number, point in enumerate(syncs):
        root = tmp_path / f"point-{number}"
        server = make_server(root / "dry", role="api", settings=_SETTINGS)
        assert _acknowledged_in_spite_of(server, point, root) == 0, f"{point} failed"
    figures.add(
        "after a failed fdatasync nothing more is acknowledged",
        "EIO from each fdatasync in turn, once",
        f"{len(syncs)} errors, acknowledged after one 0, lost 0, exit code never 0",
    )


def test_the_proof_catches_a_failed_fdatasync_that_nobody_notices(
    make_server: Fleet, figures: Figures, tmp_path: Path
) -> None:
    server = make_server(
        tmp_path / "point" / "dry", role="api", tooth="deaf-fdatasync", settings=_SETTINGS
    )
    point = CrashPoint("dry/event-log/00000000000000000001.ndjson", "fdatasync", 3)
    assert _acknowledged_in_spite_of(server, point, tmp_path / "point") is None
    figures.add(
        "tooth: a deaf fdatasync", "EIO from the third fdatasync", "everything acknowledged"
    )
