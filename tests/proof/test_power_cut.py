"""Power cuts on real file systems: what was acknowledged was on the disk."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.loop_disk import LoopDisk, why_unavailable
from tests.proof.server import RefusedToStart, Server

DiskFactory = Callable[[str], LoopDisk]
pytestmark = pytest.mark.root
_CUTS = [
    ("ext4", 2),
    pytest.param("ext4", 40, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
    pytest.param("xfs", 10, marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
]


@pytest.fixture
def make_disk(tmp_path: Path, make_server: Fleet) -> Iterator[DiskFactory]:
    """Make mounted disks; the servers on them are dead before the disks are taken out."""
    made: list[LoopDisk] = []

    def make(kind: str) -> LoopDisk:
        reason = why_unavailable(kind, tmp_path / "probe")
        if reason is not None:
            pytest.skip(reason)
        disk = LoopDisk(kind, tmp_path / "disk")
        made.append(disk)
        disk.mount()
        return disk

    yield make
    make_server.kill_all()
    for disk in made:
        disk.close()


def _cut_once(campaign: Campaign, disk: LoopDisk, acknowledged: int) -> None:
    """Cut the power under load, and bring the disk, but not the server, back.

    The server stands still first, as it would: an fdatasync that is under way when ext4 or XFS is
    shut down may return success for what is lost (21 of 300 cuts), and on a machine without
    power nobody would hear of that.
    """

    def cut() -> None:
        campaign.server.freeze()
        disk.cut()

    campaign.attack(acknowledged, cut)
    disk.unmount()
    disk.mount()


@pytest.mark.parametrize(("kind", "cuts"), _CUTS)
def test_an_acknowledged_change_survives_a_power_cut(
    make_server: Fleet, make_disk: DiskFactory, figures: Figures, kind: str, cuts: int
) -> None:
    disk = make_disk(kind)
    server = make_server(disk.mounted / "data", settings={"SEGMENT_BYTES": "20000"})
    campaign = Campaign(server, seed=cuts)
    server.start()
    campaign.open_levels()
    for _ in range(cuts):
        _cut_once(campaign, disk, campaign.dice.randint(50, 600))
        server.start()
        campaign.settle()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    figures.add(
        "… and a power cut",
        f"{cuts} cuts of {kind} under {campaign.clients} clients",
        f"{verdict}, retried {campaign.retried}",
    )


def _promise_is_broken(campaign: Campaign, server: Server) -> str | None:
    """Restart and return what is wrong now, if anything is."""
    try:
        server.start()
    except RefusedToStart as refusal:
        return f"refused to start: {refusal}"
    lost = campaign.judge().lost
    server.kill()
    return f"lost {lost}" if lost else None


def test_the_proof_catches_a_service_that_does_not_sync_its_log(
    make_server: Fleet, make_disk: DiskFactory, figures: Figures
) -> None:
    disk = make_disk("ext4")
    server = make_server(disk.mounted / "data", tooth="no-fdatasync")
    campaign = Campaign(server)
    server.start()
    campaign.open_levels()
    _cut_once(campaign, disk, 200)
    found = _promise_is_broken(campaign, server)
    assert found is not None
    figures.add("tooth: no fdatasync", "one cut of ext4", found.splitlines()[0][:60])
