"""Logs with a past, stage by stage: what upkeep finds to do, and what must be true afterwards."""

import copy
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.proof.campaign import Campaign
from tests.proof.fleet import Fleet
from tests.proof.ledger import Ledger
from tests.proof.logbook import read_records

SMALL = {"SEGMENT_BYTES": "4096", "SNAPSHOT_EVERY_N_EVENTS": "15"}
DERIVED = ("snapshots", "index", "central", "worker")
_SKUS = ("sku-1", "sku-2", "sku-3")


@dataclass(frozen=True, slots=True)
class Stage:
    """A data directory as it was once, all records that there were then, and who was told what.

    ``template`` is to be copied, never to be worked on.
    """

    template: Path
    records: list[dict[str, Any]]
    ledger: Ledger

    def copy_to(self, data_dir: Path) -> None:
        """Let ``data_dir`` be as it was then."""
        shutil.rmtree(data_dir, ignore_errors=True)
        shutil.copytree(self.template, data_dir, ignore=shutil.ignore_patterns("socket"))


def stages(
    make_server: Fleet,
    folder: Path,
    operations: int = 16,
    settings: dict[str, str] = SMALL,
    *,
    with_worker: bool = False,
) -> Iterator[Stage]:
    """Write some more to a log, again and again, with upkeep in between; yield it before each.

    The first stage has no snapshot, the second one, the third two and an archive.
    """
    data_dir = folder / "data"
    server = make_server(data_dir, role="api", settings=settings)
    campaign = Campaign(server, seed=7, clients=1)
    campaign.workload.skus = _SKUS
    campaign.workload.run = "past"
    records: list[dict[str, Any]] = []
    number = 0
    while True:
        server.start()
        if not records:
            campaign.open_levels()
        assert campaign.run_alone([campaign.workload.next() for _ in range(operations // 2)])
        # The next ones may end what these have reserved.
        assert campaign.run_alone([campaign.workload.next() for _ in range(operations // 2)])
        records += _new_records(make_server, campaign, records, with_worker=with_worker)
        assert server.stop() == 0
        number += 1
        template = folder / f"stage-{number}"
        shutil.copytree(data_dir, template, ignore=shutil.ignore_patterns("socket"))
        yield Stage(template, list(records), copy.deepcopy(campaign.ledger))
        assert make_server.upkeep(data_dir, settings=settings).run() == 0


def _new_records(
    make_server: Fleet, campaign: Campaign, known: list[dict[str, Any]], *, with_worker: bool
) -> list[dict[str, Any]]:
    """Return what the log has more than ``known``; let a worker note it, if there is to be one."""
    data_dir = campaign.server.data_dir
    if with_worker:
        worker = make_server.worker(data_dir, tooth="worker-without-upkeep")
        worker.start()
        campaign.sync()
        assert worker.stop() == 0
    return read_records(data_dir, len(known))


def grown(make_server: Fleet, stage: Stage, template: Path) -> Stage:
    """Return the stage with all that can be derived of it, and an archive."""
    stage.copy_to(template)
    assert make_server.upkeep(template, settings=SMALL).run() == 0
    server = make_server(template, settings=SMALL)
    server.start()
    Campaign(server).judge_central().require_clean()
    assert server.stop() == 0
    for folder in (*DERIVED, "archive"):
        assert list((template / folder).iterdir()), folder
    return Stage(template, stage.records, stage.ledger)
