"""``surestock verify`` on what is derived from a log whose beginning was deleted."""

from pathlib import Path

import pytest

from surestock.engine.log.indexing import index_segment
from surestock.sidecar.entry import Entry, unpack_entry
from surestock.sidecar.file import RunFile
from surestock.sidecar.listing import run_path
from surestock.sidecar.write import write_run
from surestock.sync.checkpoint import Checkpoint, write_checkpoint
from tests.cli.command import surestock
from tests.cli.kept import Shop, pruned


@pytest.fixture
def young(tmp_path: Path) -> Shop:
    """A shop whose log begins with record 13, and whose snapshots are of records 12 and 18."""
    return pruned(tmp_path / "data")


def _entries(path: Path) -> list[Entry]:
    with RunFile(path) as run:
        return [unpack_entry(packed) for several in run.entries() for packed in several]


def _merged(young: Shop) -> Path:
    """Replace the indexes of records 13 to 21 by one; let verify begin after record 18."""
    folder = young.config.index
    for first in (13, 16, 19):
        index_segment(young.config, first, first + 2)
    paths = [run_path(folder, first, first + 2, ".reservations") for first in (13, 16, 19)]
    with RunFile(paths[0]) as run:
        newest = run.head.newest
    merged = run_path(folder, 13, 21, ".reservations")
    write_run(merged, 13, 21, newest, [entry for path in paths for entry in _entries(path)])
    for path in paths:
        path.unlink()
    young.snapshots[0].unlink()
    return merged


def test_of_an_index_that_begins_with_deleted_records_the_rest_is_compared(young: Shop) -> None:
    merged = _merged(young)
    assert {entry.sequence for entry in _entries(merged)} == {13, 14, 16, 17, 19, 20}
    assert surestock("verify", young.data_dir, ARCHIVE="off").exit_code == 0


@pytest.mark.parametrize(("sequence", "code"), [(14, 0), (20, 1)])
def test_what_an_index_leaves_out_is_found_from_the_snapshot_on(
    young: Shop, sequence: int, code: int
) -> None:
    """Of the records before it, nobody knows here what they are found by."""
    merged = _merged(young)
    entries = [entry for entry in _entries(merged) if entry.sequence != sequence]
    with RunFile(merged) as run:
        newest = run.head.newest
    write_run(merged, 13, 21, newest, entries)
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == code
    assert (f"damaged: {merged}: it does not hold just what" in result.stderr) == bool(code)


def test_an_index_of_deleted_records_must_be_sound_all_the_same(young: Shop) -> None:
    kept = run_path(young.config.index, 13, 15, ".reservations")
    path = run_path(young.config.index, 1, 12, ".reservations")
    with RunFile(kept) as run:
        write_run(path, 1, 12, run.head.newest, _entries(kept))
    content = path.read_bytes()
    path.write_bytes(content[:5000] + bytes([content[5000] ^ 1]) + content[5001:])
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 1
    assert f"damaged: {path}: the checksum of its page 1 does not match." in result.stderr


@pytest.mark.parametrize(
    ("sequence", "crc", "code"),
    [(3, "00c0ffee", 0), (12, "00c0ffee", 1), (14, "00c0ffee", 1), (25, "00c0ffee", 1)],
)
def test_a_checkpoint_of_a_line_that_is_there_must_be_of_that_line(
    young: Shop, sequence: int, crc: str, code: int
) -> None:
    write_checkpoint(young.config.central, Checkpoint(sequence, crc))
    assert surestock("verify", young.data_dir, ARCHIVE="off").exit_code == code
