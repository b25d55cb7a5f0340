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
_CUTS = [2, pytest.param(40, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]
_SYNCS_WITHIN_S = 60
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
    """Bring the disk back with what it kept."""
    mount.unmount()
    mount.disk.restart(campaign.dice, harsh=harsh)
    mount.mount()


def _cut_once(campaign: Campaign, mount: FuseMount, acknowledged: int, *, harsh: bool) -> None:
    campaign.attack(acknowledged, mount.disk.cut)
    _replug(campaign, mount, harsh=harsh)


@pytest.mark.parametrize("cuts", _CUTS)
def test_an_acknowledged_change_survives_on_a_disk_that_keeps_only_what_was_synced(
    make_server: Fleet, mount: FuseMount, figures: Figures, cuts: int
) -> None:
    server = make_server(mount.folder, settings=_SMALL_SEGMENTS)
    campaign = Campaign(server, seed=cuts)
    server.start()
    campaign.open_levels()
    for number in range(cuts):
        _cut_once(campaign, mount, campaign.dice.randint(20, 400), harsh=number % 2 == 0)
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


def test_a_data_directory_that_the_service_made_survives_with_what_is_in_it(
    make_server: Fleet, mount: FuseMount, figures: Figures
) -> None:
    server = make_server(mount.folder / "made" / "data")
    campaign = Campaign(server, clients=4)
    server.start()
    campaign.open_levels()
    _cut_once(campaign, mount, 20, harsh=True)
    server.start()
    campaign.settle()
    verdict = campaign.judge()
    verdict.require_clean()
    figures.add("… in a new data directory, too", "one cut, directory made at start", str(verdict))


def _die_in_a_sync(campaign: Campaign, mount: FuseMount) -> int:
    """Kill the server between write and sync, restart it, and ask it for what it found.

    Return how many operations it acknowledged of which the disk had not kept anything.
    """

    def die() -> None:
        mount.disk.await_sync(_SYNCS_WITHIN_S)
        campaign.server.signal_kill()
        mount.disk.release()
        campaign.server.kill()
        mount.disk.recover()

    campaign.attack(campaign.dice.randint(20, 200), mount.disk.stall, die)
    campaign.server.start()
    return campaign.settle_recorded()


def _cut_at_rest(campaign: Campaign, mount: FuseMount) -> None:
    """Cut the power when nothing goes on, and start again."""
    mount.disk.cut()
    campaign.server.kill()
    _replug(campaign, mount, harsh=True)
    campaign.server.start()


@pytest.mark.parametrize("cuts", _CUTS)
def test_what_a_restart_found_in_the_page_cache_is_durable_before_it_is_acknowledged(
    make_server: Fleet, mount: FuseMount, figures: Figures, cuts: int
) -> None:
    """The process dies between write and sync; the next one reads it, answers, and power fails."""
    server = make_server(mount.folder)
    campaign = Campaign(server, seed=cuts)
    server.start()
    campaign.open_levels()
    found = 0
    for _ in range(cuts):
        found += _die_in_a_sync(campaign, mount)
        _cut_at_rest(campaign, mount)
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


def test_the_proof_catches_a_restart_that_believes_the_page_cache(
    make_server: Fleet, mount: FuseMount, figures: Figures
) -> None:
    server = make_server(mount.folder, tooth="no-file-fsync")
    campaign = Campaign(server)
    server.start()
    campaign.open_levels()
    while _die_in_a_sync(campaign, mount) == 0:
        campaign.settle()
    _cut_at_rest(campaign, mount)
    lost = campaign.judge().lost
    assert lost > 0
    figures.add("tooth: a start that believes the page cache", "one such cut", f"lost {lost}")


def _loss(campaign: Campaign, mount: FuseMount, cuts: int) -> str | None:
    """Cut the power up to ``cuts`` times and return the first thing that is wrong."""
    for _ in range(cuts):
        _cut_once(campaign, mount, 150, harsh=True)
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
    server = make_server(mount.folder, tooth=tooth, settings=_SMALL_SEGMENTS)
    campaign = Campaign(server)
    server.start()
    campaign.open_levels()
    found = _loss(campaign, mount, cuts=4)
    assert found is not None
    figures.add(f"tooth: {tooth}", "a forgetful disk, at most 4 cuts", found[:60])
