"""The state is the fold of the log, wherever upkeep dies and whatever becomes of snapshots."""

import re
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from tests.proof import syscalls
from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.logbook import BadLog, read_records
from tests.proof.past import SMALL, Stage, stages
from tests.proof.past_audit import PastVerdict, examine
from tests.proof.server import RefusedToStart
from tests.proof.syscalls import CrashPoint

_PROMISE = "state after any crash in snapshot or compaction = fold of the whole log"
_NOT_HERE = syscalls.why_unavailable()
_needs_strace = pytest.mark.skipif(_NOT_HERE is not None, reason=_NOT_HERE or "")
_STEPS = frozenset(("write", "pwrite64", "fsync", "fdatasync", "rename", "unlink"))
_DELETING = {"ARCHIVE": "off", "IDEMP_TTL_MS": "1000"} | SMALL
_TTL_S = 1.1
_HOW_MANY = [1, pytest.param(0, marks=[pytest.mark.prove, pytest.mark.timeout(3_600)])]


class Sweep:
    """Lets upkeep die at chosen points of a stage, and looks at what is left, each time anew."""

    def __init__(
        self,
        make_server: Fleet,
        root: Path,
        stage: Stage,
        *,
        settings: dict[str, str] = SMALL,
        tooth: str | None = None,
    ) -> None:
        self._make_server = make_server
        self._root = root
        self._settings = settings
        self._stage = stage
        self._whole = settings.get("ARCHIVE") != "off"
        self._dry = root / "dry"
        self._upkeep = make_server.upkeep(self._dry, settings=settings, tooth=tooth)
        self._again = make_server.upkeep(self._dry, settings=settings)
        self._server = make_server(self._dry, role="api", settings=settings)
        self._done: dict[str, bytes] = {}
        self.deaths = 0
        self.last = PastVerdict()

    def points(self) -> list[CrashPoint]:
        """Return each step of the upkeep that is due, in order."""
        self._stage.copy_to(self._dry)
        trace = self._root / "trace"
        assert self._upkeep.run(syscalls.record(trace)) == 0, self._upkeep.tail()
        self._done = _files(self._dry)
        found = syscalls.crash_points(trace, self._root, self._dry.name)
        return [point for point in found if point.name in _STEPS]

    def look_again(self) -> list[str]:
        """Return what is wrong now, and note what was compared."""
        return self._wrong()

    def die_at(self, point: CrashPoint) -> list[str]:
        """Kill upkeep at ``point``; return what is wrong then, and after another upkeep."""
        self._stage.copy_to(self._dry)
        self.deaths += self._upkeep.run(point.kill(self._root)) != 0
        wrong = [f"{point}: {each}" for each in self._wrong()]
        if self._again.run() != 0:
            wrong.append(f"{point}: upkeep fails afterwards: {self._again.tail()}")
        done = _files(self._dry)
        wrong += [
            f"{point}: {name} is not as without the death"
            for name in self._done.keys() | done.keys()
            if self._done.get(name) != done.get(name)
        ]
        return wrong

    def _wrong(self) -> list[str]:
        stage = self._stage
        try:
            if self._whole and read_records(self._dry) != stage.records:
                return ["the files hold other records"]
            self._server.start()
        except (BadLog, RefusedToStart) as error:
            return [str(error)]
        self.last = examine(self._server.port, stage.records, stage.ledger, whole=self._whole)
        self._server.kill()
        return self.last.mismatches


def _files(data_dir: Path) -> dict[str, bytes]:
    """Return what is to be the same whatever happened, and what nobody should leave behind.

    Indexes are not: which of them are merged depends on how many passes there were.
    """
    return {
        str(path.relative_to(data_dir)): path.read_bytes()
        for path in data_dir.rglob("*")
        if path.suffix in {".ndjson", ".gz", ".tmp"}
    }


def _chosen(points: list[CrashPoint], how_many: int) -> list[CrashPoint]:
    return points if how_many == 0 else points[-len(points) // 3 :][:how_many]


@_needs_strace
@pytest.mark.parametrize("how_many", _HOW_MANY)
def test_upkeep_may_die_at_each_of_its_steps(
    make_server: Fleet, past: list[Stage], figures: Figures, tmp_path: Path, how_many: int
) -> None:
    steps = deaths = 0
    mismatches: list[str] = []
    compared = PastVerdict()
    for stage in past[2:] if how_many else past:
        sweep = Sweep(make_server, tmp_path, stage)
        chosen = _chosen(sweep.points(), how_many)
        for point in chosen:
            mismatches += sweep.die_at(point)
        mismatches += sweep.look_again()
        steps, deaths, compared = steps + len(chosen), deaths + sweep.deaths, sweep.last
    assert mismatches == []
    assert deaths >= 0.9 * steps
    figures.add(
        _PROMISE,
        "SIGKILL on entry to each write, fsync, rename and unlink of upkeep, in three stages",
        f"{steps} steps, {deaths} deaths; at the last one compared {compared}; mismatches 0",
    )


@_needs_strace
@pytest.mark.parametrize("how_many", _HOW_MANY[1:])
def test_upkeep_that_deletes_may_die_at_each_of_its_steps(
    make_server: Fleet, figures: Figures, tmp_path: Path, how_many: int
) -> None:
    sweep = Sweep(make_server, tmp_path, _deleting_stage(make_server, tmp_path), settings=_DELETING)
    points = sweep.points()
    assert ("unlink", "event-log") in {(it.name, Path(it.path).parts[-2]) for it in points}
    mismatches: list[str] = []
    chosen = _chosen(points, how_many)
    for point in chosen:
        mismatches += sweep.die_at(point)
    mismatches += sweep.look_again()
    assert mismatches == []
    figures.add(
        "… and without an archive",
        "the same with ARCHIVE=off, when every key is over its time to live",
        f"{len(chosen)} steps, {sweep.deaths} deaths; compared {sweep.last}; mismatches 0",
    )


def _deleting_stage(make_server: Fleet, folder: Path) -> Stage:
    """Return a log of which upkeep may delete a part: passed by the view, too old for its keys."""
    made = stages(make_server, folder, settings=_DELETING, with_worker=True)
    stage = next(islice(made, 1, None))
    time.sleep(_TTL_S)
    return stage


@_needs_strace
@pytest.mark.parametrize("tooth", ["unlink-before-archive", "unlink-before-snapshot"])
def test_the_proof_catches_a_segment_that_goes_too_early(
    make_server: Fleet, past: list[Stage], figures: Figures, tmp_path: Path, tooth: str
) -> None:
    sweep = Sweep(make_server, tmp_path, past[1], tooth=tooth)
    folder = "archive" if "archive" in tooth else "snapshots"
    point = next(it for it in sweep.points() if folder in it.path and it.name == "fsync")
    wrong = sweep.die_at(point)
    assert sweep.deaths == 1
    assert wrong
    figures.add(f"tooth: {tooth.replace('-', ' ')}", "dead at one fsync", wrong[0][:90])


def _bytes_to_flip(snapshot: Path, how_many: int) -> Iterator[int]:
    size = snapshot.stat().st_size
    yield from range(0, size, max(1, size // how_many))
    yield size - 1


@pytest.mark.timeout(900)
@pytest.mark.parametrize("how_many", [1, pytest.param(25, marks=pytest.mark.prove)])
def test_a_damaged_snapshot_is_not_used(
    make_server: Fleet, past: list[Stage], figures: Figures, tmp_path: Path, how_many: int
) -> None:
    stage, data_dir = past[2], tmp_path / "damaged"
    server = make_server(data_dir, settings={"SYNC_INTERVAL_MS": "50"})
    *_, newest = sorted((stage.template / "snapshots").glob("*.ndjson"))
    flips = list(_bytes_to_flip(newest, how_many))
    starts = [(offset, both) for offset in flips for both in (False, True)]
    verdict = PastVerdict()
    for offset, both in starts:
        stage.copy_to(data_dir)
        for snapshot in sorted((data_dir / "snapshots").glob("*.ndjson"))[0 if both else -1 :]:
            _flip(snapshot, min(offset, snapshot.stat().st_size - 1))
        server.start()
        verdict = examine(server.port, stage.records, stage.ledger)
        assert verdict.mismatches == [], (offset, both)
        Campaign(server).judge_central().require_clean()
        server.kill()
    figures.add(
        "… whatever becomes of a snapshot",
        "a bit flipped in the newest, and in both",
        f"{len(starts)} starts, each compared {verdict} and the central view; mismatches 0",
    )


def _flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 1
    path.write_bytes(content)


def test_the_proof_catches_a_snapshot_that_is_believed(
    make_server: Fleet, past: list[Stage], figures: Figures, tmp_path: Path
) -> None:
    stage, data_dir = past[2], tmp_path / "damaged"
    stage.copy_to(data_dir)
    *_, newest = sorted((data_dir / "snapshots").glob("*.ndjson"))
    number = re.search(rb'"onHand":\d+', newest.read_bytes())
    assert number is not None
    _flip(newest, number.end() - 1)
    server = make_server(data_dir, role="api", tooth="believed-snapshot")
    try:
        server.start()
        found = examine(server.port, stage.records, stage.ledger).mismatches
    except RefusedToStart as refusal:
        found = [str(refusal)]
    assert found
    figures.add("tooth: a snapshot is believed", "a bit flipped in a quantity", found[0][:90])
