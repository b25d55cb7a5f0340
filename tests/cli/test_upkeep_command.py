"""``surestock upkeep``: does what is due, says what it did, and stands back for another.

It runs as a process: it makes itself the least important one, which the tests must not become.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from surestock.engine.log.turn import turn
from surestock.journal.line import encode_header
from surestock.journal.scan import Scan
from surestock.journal.segment import segment_path
from tests.cli.command import surestock
from tests.cli.shelf import TS, Shelf, stocked


def upkeep(data_dir: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "SNAPSHOT_EVERY_N_EVENTS": "1", **settings}
    command = [sys.executable, "-m", "surestock", "upkeep", "--data-dir", str(data_dir)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf whose only segment with records is sealed by the next one's header."""
    shelf = stocked(tmp_path / "data")
    scan = Scan(shelf.log)
    assert list(scan)
    header, _ = encode_header(scan.crc, scan.sequence + 1, TS)
    segment_path(shelf.log, scan.sequence + 1).write_bytes(header)
    return shelf


def test_it_says_what_it_did_as_json_and_finds_nothing_to_do_then(shelf: Shelf) -> None:
    ended = upkeep(shelf.data_dir)
    assert (ended.returncode, ended.stderr) == (0, "")
    done = json.loads(ended.stdout)
    assert (done["indexed"], done["snapshot"], done["compacted"]) == (1, 7, 0)
    assert surestock("verify", shelf.data_dir).stdout.endswith("clean\n")
    again = json.loads(upkeep(shelf.data_dir).stdout)
    assert (again["indexed"], again["snapshot"], again["compacted"]) == (0, None, 0)


def test_without_a_log_it_says_so(tmp_path: Path) -> None:
    ended = upkeep(tmp_path / "nowhere")
    assert ended.returncode == 2
    assert "There is no data directory" in ended.stderr


def test_one_at_a_time(shelf: Shelf) -> None:
    with turn(shelf.data_dir / "index"):
        ended = upkeep(shelf.data_dir)
    assert ended.returncode == 2
    assert "Another upkeep" in ended.stderr


def test_a_wrong_setting_is_named(shelf: Shelf) -> None:
    ended = upkeep(shelf.data_dir, SNAPSHOT_EVERY_N_EVENTS="none")
    assert ended.returncode == 2
    assert "SNAPSHOT_EVERY_N_EVENTS" in ended.stderr
