"""Power cuts on a disk that keeps only what POSIX promises, where every missing fsync shows."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.forgetful_disk import ForgetfulDisk
from tests.proof.fuse_mount import FuseMount
from tests.proof.server import RefusedToStart

pytestmark = pytest.mark.root
_CUTS = [3, pytest.param(40, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_SMALL_SEGMENTS = {"SEGMENT_BYTES": "10000"}


@pytest.fixture
def mount(tmp_path: Path, make_server: Fleet) -> Iterator[FuseMount]:
    folder = tmp_path / "forgetful"
    folder.mkdir()
    made = FuseMount(ForgetfulDisk(), folder)
    try:
        made.mount()
    except OSError as error:
        made.close()
        pytest.skip(f"a forgetful disk needs FUSE and root: {error.strerror}")
    yield made
    make_server.kill_all()
    made.close()


def _replug(campaign: Campaign, mount: FuseMount, *, harsh: bool) -> None:
    """End the server and bring the disk back with what it kept."""
    campaign.server.kill()
    mount.unmount()
    mount.disk.restart(campaign.dice, harsh=harsh)
    mount.mount()


def _cut_once(campaign: Campaign, mount: FuseMount, acknowledged: int) -> None:
    campaign.attack(acknowledged, mount.disk.cut)
    _replug(campaign, mount, harsh=campaign.dice.random() < 0.5)


@pytest.mark.parametrize("cuts", _CUTS)
def test_an_acknowledged_change_survives_on_a_disk_that_keeps_only_what_was_synced(
    make_server: Fleet, mount: FuseMount, figures: Figures, cuts: int
) -> None:
    server = make_server(mount.folder / "data", settings=_SMALL_SEGMENTS)
    campaign = Campaign(server, seed=cuts)
    server.start()
    campaign.open_levels()
    for _ in range(cuts):
        _cut_once(campaign, mount, campaign.dice.randint(20, 400))
        server.start()
        campaign.settle()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    figures.add(
        "… on any disk that keeps POSIX's promises",
        f"{cuts} cuts of a disk that forgets all else, segments of 10 kB",
        f"{verdict}, retried {campaign.retried}",
    )


@pytest.mark.parametrize("cuts", _CUTS)
def test_what_a_restart_found_in_the_page_cache_is_durable_before_it_is_acknowledged(
    make_server: Fleet, mount: FuseMount, figures: Figures, cuts: int
) -> None:
    """The process dies between write and sync; the next one reads it, answers, and power fails."""
    server = make_server(mount.folder / "data", settings=_SMALL_SEGMENTS)
    campaign = Campaign(server, seed=cuts)
    server.start()
    campaign.open_levels()

    def die_before_the_sync() -> None:
        mount.disk.die_in_sync(server.signal_kill, server.kill)

    found = 0
    for _ in range(cuts):
        campaign.attack(campaign.dice.randint(20, 200), die_before_the_sync)
        server.start()
        found += campaign.settle_recorded()
        mount.disk.cut()
        _replug(campaign, mount, harsh=True)
        server.start()
        campaign.judge().require_clean()
        campaign.settle()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    assert found > 0
    figures.add(
        "recovery acknowledges nothing that is not durable",
        f"{cuts} × (die between write and sync, restart, ask again, power cut)",
        f"{verdict}, found unsynced and acknowledged {found}",
    )


def _loss(campaign: Campaign, mount: FuseMount, cuts: int) -> str | None:
    """Cut the power up to ``cuts`` times and return the first thing that is wrong."""
    for _ in range(cuts):
        _cut_once(campaign, mount, 150)
        try:
            campaign.server.start()
        except RefusedToStart as refusal:
            return f"refused to start: {refusal}"
        lost = campaign.judge().lost
        if lost:
            return f"lost {lost}"
        campaign.settle()
    return None


@pytest.mark.parametrize("tooth", ["no-fdatasync", "no-directory-fsync"])
def test_the_proof_catches_a_missing_sync(
    make_server: Fleet, mount: FuseMount, figures: Figures, tooth: str
) -> None:
    server = make_server(mount.folder / "data", tooth=tooth, settings=_SMALL_SEGMENTS)
    campaign = Campaign(server)
    server.start()
    campaign.open_levels()
    found = _loss(campaign, mount, cuts=4)
    assert found is not None
    figures.add(f"tooth: {tooth}", "a forgetful disk, at most 4 cuts", found[:60])
