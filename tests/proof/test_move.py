"""A million events go into PostgreSQL and back, though the command is killed on the way.

The command runs as a process of its own and is killed for good, wherever it is when enough has been
written. Then the same command is given again. What comes back is compared with what was there by
reading the files, not by the code that moved it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path

import pytest

from benchmarks.derived.log_maker import LogMaker, Span
from tests.cli.told import table_of
from tests.proof.figures import Figures
from tests.real.absent import skipped_when_absent
from tests.real.postgres import Cluster, postgres_cluster

_PROMISE = "a move carries every event over, and both folds are equal"
_ENDS_WITHIN_S = 1_800
_LOOK_EVERY_S = 0.02
_DATABASE = "moved"
_EVENTS = 1_000_000


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A server of its own that flushes to the disk."""
    with skipped_when_absent(), postgres_cluster(durable=True, on_disk=True) as made:
        yield made


@pytest.fixture
def url(cluster: Cluster) -> Iterator[str]:
    """A database with empty tables."""
    made = cluster.create_database(_DATABASE)
    assert _run("migrate", "--database-url", made).returncode == 0
    yield made
    cluster.drop_database(_DATABASE)


def _command(*words: object) -> list[str]:
    return [sys.executable, "-m", "surestock", *(str(word) for word in words)]


def _run(*words: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        _command(*words), capture_output=True, text=True, check=False, timeout=_ENDS_WITHIN_S
    )


def _killed_once(wanted: Callable[[], bool], *words: object) -> None:
    """Run the command and kill it as soon as it is ``wanted``."""
    running = subprocess.Popen(
        _command(*words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + _ENDS_WITHIN_S
    while not wanted():
        assert running.poll() is None, "it came to its end before it was killed"
        assert time.monotonic() < deadline
        time.sleep(_LOOK_EVERY_S)
    os.kill(running.pid, signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL


def _records_of(log: Path) -> tuple[int, str]:
    """Return how many records the lines of a log hold, and the digest of their bytes in order."""
    digest = blake2b()
    count = 0
    for segment in sorted(log.glob("*.ndjson")):
        for line in segment.read_bytes().splitlines()[1:]:
            _, _, records = line.partition(b',"records":[')
            body = records.removesuffix(b"]}")
            count += body.count(b'{"sequence":')
            digest.update(body.replace(b'},{"sequence":', b'}\n{"sequence":') + b"\n")
    return count, digest.hexdigest()


def _pace(told: dict[str, str], name: str) -> str:
    return told[name].partition("(")[2].removesuffix(")")


@pytest.mark.prove
@pytest.mark.timeout(3_600)
def test_a_move_that_is_killed_goes_on_and_both_folds_are_equal(
    cluster: Cluster, url: str, tmp_path: Path, figures: Figures
) -> None:
    skus = _EVENTS // 20
    maker = LogMaker(tmp_path / "data", Span.until_now(_EVENTS, 30))
    maker.count(skus)
    maker.reserve_and_release((_EVENTS - skus) // 2, keyed=True)
    maker.close()
    there = ("move", "--from", tmp_path / "data", "--to", url)
    back = ("move", "--from", url, "--to", tmp_path / "back")

    def has_moved() -> int:
        [(through,)] = cluster.execute(
            "SELECT coalesce(max(through), 0) FROM surestock.moving", _DATABASE
        )
        return int(through or 0)

    _killed_once(lambda: has_moved() >= _EVENTS // 3, *there)
    while cluster.backends(_DATABASE):  # a COMMIT that was under way still comes through
        time.sleep(_LOOK_EVERY_S)
    killed_at = has_moved()
    assert 0 < killed_at < _EVENTS
    ended = _run(*there)
    assert ended.returncode == 0, ended.stderr
    assert f"records up to {killed_at:,} were moved by an earlier run" in ended.stderr
    into = table_of(ended.stdout)
    assert into["records"] == into["events"] == f"{_EVENTS:,}"
    assert into["records moved by this run"] == f"{_EVENTS - killed_at:,}"

    written = tmp_path / "back" / "event-log.moving"
    half = sum(it.stat().st_size for it in (tmp_path / "data" / "event-log").glob("*.ndjson")) // 2
    _killed_once(lambda: sum(it.stat().st_size for it in written.glob("*.ndjson")) >= half, *back)
    ended = _run(*back)
    assert ended.returncode == 0, ended.stderr
    out = table_of(ended.stdout)
    assert out["digest of the records"] == into["digest of the records"]
    moved = _records_of(tmp_path / "back" / "event-log")
    assert moved == _records_of(tmp_path / "data" / "event-log")
    assert moved[0] == _EVENTS
    verified = _run("verify", tmp_path / "back")
    assert verified.returncode == 0, verified.stderr
    figures.add(
        _PROMISE,
        f"{_EVENTS:,} events there and back, kill -9 after {killed_at:,}, and half-way back",
        f"lost 0, folds equal; there {_pace(into, 'moved in')}, proved "
        f"{_pace(into, 'read back and proved in')}; back {_pace(out, 'moved in')}, proved "
        f"{_pace(out, 'read back and proved in')}",
    )
