"""Memory and time of large runs, in a process of its own: an index of millions stays small."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from surestock.sidecar.listing import run_path
from tests.sidecar.shelf import KEYS

MAKE = """
import os, sys
from pathlib import Path
from surestock.sidecar.entry import Entry
from tests.sidecar.shelf import put
first = int(sys.argv[2])
last = first + 999_999
entries = (Entry(os.urandom(16), number, 0, 1, 0) for number in range(first, last + 1))
put(Path(sys.argv[1]), first, last, entries=entries)
"""

MERGE = """
import json, re, sys
from pathlib import Path
from time import process_time
from surestock.sidecar.merge import merge_runs
def peak():
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"VmHWM:\\s+(\\d+)", status)[1]) / 1024
before, began = peak(), process_time()
merges = merge_runs(Path(sys.argv[1]), ".keys", None)
print(json.dumps([merges, process_time() - began, peak() - before]))
"""

OPEN = """
import json, sys
from pathlib import Path
from surestock.sidecar.runs import Runs
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
before = resident()
runs = Runs(Path(sys.argv[1]), ".keys")
runs.refresh()
print(json.dumps([runs.covers(1, 4_000_000), resident() - before]))
"""


def in_fresh_process(script: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    return done.stdout


@pytest.mark.prove
def test_millions_of_keys_are_merged_and_held_in_little_memory(tmp_path: Path) -> None:
    for first in range(1, 4_000_001, 1_000_000):
        in_fresh_process(MAKE, str(tmp_path), str(first))
    merges, seconds, merging_mib = json.loads(in_fresh_process(MERGE, str(tmp_path)))
    covers, open_mib = json.loads(in_fresh_process(OPEN, str(tmp_path)))
    assert merges == 1
    assert covers
    assert 1 < merging_mib < 100
    assert open_mib < 60 * 4 / 10
    size_mib = run_path(tmp_path, 1, 4_000_000, KEYS).stat().st_size / 2**20
    print(
        f"4 runs of 1,000,000 keys: {seconds:.1f} s of CPU and {merging_mib:.0f} MiB to merge, "
        f"{open_mib:.0f} MiB when open, {size_mib:.0f} MiB on disk"
    )
