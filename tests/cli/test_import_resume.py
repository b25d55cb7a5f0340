"""``surestock import`` goes on where it was killed: no row is lost, and none counts twice."""

import errno
from collections.abc import Sequence
from pathlib import Path

import pytest

from surestock.cli.counting.file import CountFile
from surestock.cli.counting.into_log import LogRecorder
from surestock.cli.counting.recorder import Numbered
from surestock.inventory.commands import CountStock
from surestock.journal.hold import JournalHold
from surestock.kit import failpoints
from tests.cli.command import surestock, surestock_killed
from tests.cli.shelf import DAY, Shelf

ROWS = 5000

# It does much, and the machine may have much else to do.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    rows = "".join(f"s{row % 7},sku-{row},{row}\n" for row in range(ROWS))
    path.write_text(f"storeId,sku,onHand\n{rows}")
    return path


def _repeated_or_lost(data_dir: Path) -> int:
    """Return how many rows do not stand in the log exactly once. Each is about its own SKU."""
    assert surestock("verify", data_dir).exit_code == 0
    lines = surestock("export", "--format", "csv", "--data-dir", data_dir).stdout.splitlines()[1:]
    once = [line for line in lines if line.split(",")[5] == "1"]
    return ROWS - len(once) + len(lines) - len(once)


@pytest.mark.parametrize("failpoint", ["journal.write", "journal.fdatasync"])
def test_every_row_counts_once_however_often_the_import_is_killed(
    tmp_path: Path, file: Path, failpoint: str
) -> None:
    data = tmp_path / "data"
    for passages in (1, 2, 4):
        surestock_killed(failpoint, passages, "import", file, "--data-dir", data)
    result = surestock("import", file, "--data-dir", data)
    assert result.exit_code == 0
    assert "more were recorded by an earlier run" in result.stdout
    assert _repeated_or_lost(data) == 0


def test_an_import_whose_rows_have_new_keys_in_each_run_is_caught(
    tmp_path: Path, file: Path
) -> None:
    """The teeth of the test above."""
    data = tmp_path / "data"
    surestock_killed("journal.fdatasync", 4, "import", file, "--data-dir", data, tooth=True)
    assert surestock("import", file, "--data-dir", data).exit_code == 0
    assert _repeated_or_lost(data) > 0


def test_rows_of_a_torn_line_are_recorded_again_and_the_tail_is_told(
    tmp_path: Path, file: Path
) -> None:
    shelf = Shelf(tmp_path / "data")
    surestock_killed("journal.fdatasync", 4, "import", file, "--data-dir", shelf.data_dir)
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes()[:-100])
    result = surestock("import", file, "--data-dir", shelf.data_dir)
    assert result.exit_code == 0
    assert "note: a torn tail" in result.stderr
    assert _repeated_or_lost(shelf.data_dir) == 0


def test_running_it_again_after_the_end_records_nothing(tmp_path: Path, file: Path) -> None:
    data = tmp_path / "data"
    surestock("import", file, "--data-dir", data)
    result = surestock("import", file, "--data-dir", data)
    assert result.exit_code == 0
    assert "0 counts recorded (5,000 more were recorded by an earlier run)" in result.stdout
    assert _repeated_or_lost(data) == 0


def test_a_row_that_failed_is_tried_again(tmp_path: Path) -> None:
    """Only what was recorded is left out: a refused row may pass once its reason is gone."""
    file, data = tmp_path / "a.csv", tmp_path / "data"
    file.write_text("storeId,sku,onHand\ns1,apple,5\ns1,!,5\n")
    for earlier in ("1 counts recorded,", "0 counts recorded (1 more"):
        result = surestock("import", file, "--data-dir", data)
        assert result.exit_code == 1
        assert earlier in result.stdout
        assert "line 3" in result.stderr


def test_a_file_with_another_content_is_another_import(tmp_path: Path) -> None:
    file, data = tmp_path / "a.csv", tmp_path / "data"
    for on_hand in ("5", "6", "6"):
        file.write_text(f"storeId,sku,onHand\ns1,apple,{on_hand}\n")
        assert surestock("import", file, "--data-dir", data).exit_code == 0
    assert '"onHand":6,"reserved":0,"version":2' in surestock("export", "--data-dir", data).stdout


def test_rows_are_imported_anew_once_their_keys_are_forgotten(tmp_path: Path) -> None:
    file, shelf = tmp_path / "a.csv", Shelf(tmp_path / "data")
    file.write_text("storeId,sku,onHand\ns1,apple,5\n")
    with shelf.engine() as engine:
        recorder = LogRecorder(engine, CountFile(file).digest)
        assert recorder.record([(2, CountStock("s1", "apple", 5))]) == [None]
        assert recorder.recorded_lines() == {2}
        shelf.clock.advance(DAY.total_seconds())
        assert recorder.recorded_lines() == set()
    result = surestock("import", file, "--data-dir", shelf.data_dir)
    assert "1 counts recorded, 0 rows failed" in result.stdout


@pytest.mark.parametrize("failpoint", ["journal.write", "journal.fdatasync"])
def test_a_disk_that_fails_stops_the_import_which_goes_on_later(
    tmp_path: Path, file: Path, failpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    passages = iter(range(3))

    def fail_from_the_fourth_on() -> None:
        if next(passages, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(failpoints, "_armed", {failpoint: fail_from_the_fourth_on})
    result = surestock("import", file, "--data-dir", data)
    assert result.exit_code == 1
    assert "stopped after " in result.stderr
    assert "Run the same command again to go on." in result.stderr
    assert result.stdout == ""
    monkeypatch.undo()
    assert surestock("import", file, "--data-dir", data).exit_code == 0
    assert _repeated_or_lost(data) == 0


def test_an_import_that_is_interrupted_keeps_what_it_recorded(
    tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "data"
    record = LogRecorder.record
    chunks = iter(range(2))

    def interrupted_at_the_third(self: LogRecorder, rows: Sequence[Numbered]) -> list[str | None]:
        if next(chunks, None) is None:
            raise KeyboardInterrupt
        return record(self, rows)

    monkeypatch.setattr(LogRecorder, "record", interrupted_at_the_third)
    result = surestock("import", file, "--data-dir", data)
    assert result.exit_code == 130
    assert "stopped after 2,000 counts recorded, 0 rows failed: interrupted." in result.stderr
    monkeypatch.undo()
    assert (
        "3,000 counts recorded (2,000 more" in surestock("import", file, "--data-dir", data).stdout
    )
    assert _repeated_or_lost(data) == 0


def test_a_directory_that_is_in_use_is_left_alone(tmp_path: Path, file: Path) -> None:
    shelf = Shelf(tmp_path / "data")
    shelf.write()
    before = [path.read_bytes() for path in shelf.segments]
    with JournalHold(shelf.log):
        result = surestock("import", file, "--data-dir", shelf.data_dir)
    assert result.exit_code == 2
    assert "is in use by process" in result.stderr
    assert "--url" in result.stderr
    assert result.stderr.count("\n") == 1
    assert [path.read_bytes() for path in shelf.segments] == before


def test_a_damaged_log_takes_no_rows(tmp_path: Path, file: Path) -> None:
    shelf = Shelf(tmp_path / "data")
    surestock("import", file, "--data-dir", shelf.data_dir)
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes().replace(b"sku-7", b"sku-8", 1))
    before = segment.read_bytes()
    result = surestock("import", file, "--data-dir", shelf.data_dir)
    assert result.exit_code == 1
    assert "its checksum does not match" in result.stderr
    assert segment.read_bytes() == before
