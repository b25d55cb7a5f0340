"""What is derived from the log may be deleted, and its own end may not be lost: who can tell, does.

Snapshots, indexes, the worker's notes and its folder are made again from the log. And where they
know of more than the log does, the log has lost something, and nobody starts on it.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.past import DERIVED, SMALL, Stage
from tests.proof.past_audit import PastVerdict, examine
from tests.proof.server import RefusedToStart, Server

_HEADER_AND_COMMIT = 2


def _deletions(template: Path, *, each_file: bool) -> list[list[str]]:
    """Return what is to be deleted in turn: everything derived, each folder, each file."""
    chosen = [list(DERIVED)]
    if each_file:
        chosen += [[folder] for folder in DERIVED]
        for folder in DERIVED:
            chosen += [[f"{folder}/{path.name}"] for path in (template / folder).iterdir()]
    return chosen


def _delete(data_dir: Path, names: list[str]) -> None:
    for name in names:
        path = data_dir / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@pytest.mark.parametrize("each_file", [False, pytest.param(True, marks=pytest.mark.prove)])
@pytest.mark.timeout(900)
def test_whatever_is_derived_may_be_deleted(
    make_server: Fleet, grown: Stage, figures: Figures, tmp_path: Path, *, each_file: bool
) -> None:
    data_dir = tmp_path / "bare"
    server = make_server(data_dir, settings=SMALL)
    deletions = _deletions(grown.template, each_file=each_file)
    verdict = PastVerdict()
    for names in deletions:
        grown.copy_to(data_dir)
        _delete(data_dir, names)
        server.start()
        verdict = examine(server.port, grown.records, grown.ledger)
        assert verdict.mismatches == [], names
        Campaign(server).judge_central().require_clean()
        server.kill()
    figures.add(
        "everything derived is made again from the log",
        "snapshots, indexes, central, worker deleted: all, each folder, each file"
        if each_file
        else "snapshots, indexes, central, worker deleted",
        f"{len(deletions)} starts, each compared {verdict} and the central view; mismatches 0",
    )


def test_the_proof_catches_an_index_that_is_not_made_again(
    make_server: Fleet, grown: Stage, figures: Figures, tmp_path: Path
) -> None:
    data_dir = tmp_path / "bare"
    grown.copy_to(data_dir)
    _delete(data_dir, ["index"])
    server = make_server(data_dir, role="api", tooth="no-index-at-start", settings=SMALL)
    server.start()
    found = examine(server.port, grown.records, grown.ledger).mismatches
    assert found
    figures.add("tooth: a start without the index", "index deleted", found[0][:90])


def _cuts(template: Path) -> Iterator[tuple[str, int, int]]:
    """Yield (segment, bytes left, last whole record left) for cuts through and between lines."""
    for path in sorted((template / "event-log").glob("*.ndjson"), reverse=True):
        last = int(path.stem) - 1
        offset = 0
        for number, line in enumerate(path.read_bytes().splitlines(keepends=True), 1):
            if number >= _HEADER_AND_COMMIT:
                yield path.name, offset, last
                yield path.name, offset + len(line) // 2, last
                last += line.count(b'{"sequence":')
            offset += len(line)


def _cut(data_dir: Path, segment: str, size: int) -> dict[str, bytes]:
    """Let the log end there; return what is left of it."""
    for path in (data_dir / "event-log").glob("*.ndjson"):
        if path.name > segment:
            path.unlink()
        elif path.name == segment:
            path.write_bytes(path.read_bytes()[:size])
    return _log(data_dir)


def _log(data_dir: Path) -> dict[str, bytes]:
    return {it.name: it.read_bytes() for it in (data_dir / "event-log").glob("*.ndjson*")}


def _refuses(server: Server) -> bool:
    try:
        server.start()
    except RefusedToStart as refusal:
        if not str(refusal).startswith("exit 2:"):
            raise
        return True
    return False


def _newest_snapshot(template: Path) -> int:
    return max(int(path.stem) for path in (template / "snapshots").glob("*.ndjson"))


@pytest.mark.parametrize("stride", [40, pytest.param(1, marks=pytest.mark.prove)])
@pytest.mark.timeout(900)
def test_a_log_that_lost_what_others_saw_of_it_is_refused(
    make_server: Fleet, grown: Stage, figures: Figures, tmp_path: Path, stride: int
) -> None:
    """The worker noted the last record, the snapshot stands for an older one."""
    data_dir = tmp_path / "cut"
    server = make_server(data_dir, role="api", settings=SMALL)
    snapshot, noted = _newest_snapshot(grown.template), len(grown.records)
    assert snapshot < noted
    cuts = list(_cuts(grown.template))[::stride]
    refused = torn = 0
    for (segment, size, last), forget in ((cut, forget) for cut in cuts for forget in (0, 1)):
        grown.copy_to(data_dir)
        if forget:
            _delete(data_dir, ["central"])
        left = _cut(data_dir, segment, size)
        seen = snapshot if forget else noted
        if last < seen:
            assert _refuses(server), (segment, size, last, seen)
            assert _log(data_dir) == left
            refused += 1
        else:
            server.start()
            found = examine(server.port, grown.records[:last], grown.ledger, whole=False)
            assert found.mismatches == []
            server.kill()
            torn += 1
    assert refused
    figures.add(
        "a log that lost its end behind a snapshot or a checkpoint is refused",
        "the log cut before and in the middle of each line, with the worker's note and without",
        f"{refused} cuts of what was seen, all refused, nothing changed; {torn} others were tails",
    )


def test_the_proof_catches_a_lost_end_that_is_taken_for_a_torn_tail(
    make_server: Fleet, grown: Stage, figures: Figures, tmp_path: Path
) -> None:
    data_dir = tmp_path / "cut"
    server = make_server(data_dir, role="api", tooth="uncovered-end", settings=SMALL)
    segment, size, last = list(_cuts(grown.template))[1]
    grown.copy_to(data_dir)
    _cut(data_dir, segment, size)
    assert not _refuses(server)
    lost = len(grown.records) - last
    figures.add(
        "tooth: nobody asks who saw it", "the last segment cut in its first commit", f"lost {lost}"
    )
