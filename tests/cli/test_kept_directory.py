"""The commands on a directory that upkeep has looked after: archived, compacted, or pruned."""

import shutil
from pathlib import Path

import orjson
import pytest

from surestock.kit import failpoints
from surestock.kit.clock import ManualClock, SystemClock
from tests.cli.command import surestock
from tests.cli.kept import Shop, pruned
from tests.cli.told import table_of

ORDERS = 9


@pytest.fixture
def young(tmp_path: Path) -> Shop:
    """A shop whose log begins with record 13, and whose snapshots are of records 12 and 18."""
    return pruned(tmp_path / "data")


def _history(shop: Shop, store: str, sku: str) -> list[int]:
    told = surestock("history", store, sku, "--last", 0, "--data-dir", shop.data_dir).stdout
    rows = [line.strip("│ ").split("│") for line in told.splitlines() if line.startswith("│")]
    return [int(row[0]) for row in rows]


def test_history_goes_back_through_the_archive(shop: Shop) -> None:
    assert shop.archived
    assert _history(shop, "s2", "apple") == [2, *range(6, 6 + 3 * ORDERS, 3)]


@pytest.mark.parametrize("view", ["stock", "central"])
def test_an_export_that_begins_with_a_snapshot_equals_one_of_the_whole_log(
    shop: Shop, view: str
) -> None:
    shop.hold("open")
    from_snapshot = surestock("export", view, "--data-dir", shop.data_dir).stdout
    shutil.rmtree(shop.config.snapshots)
    assert surestock("export", view, "--data-dir", shop.data_dir).stdout == from_snapshot
    assert from_snapshot.count("\n") == {"stock": 3, "central": 2}[view]
    assert '"reserved":2' in from_snapshot


@pytest.mark.parametrize("view", ["stock", "central"])
def test_an_export_reads_no_more_than_follows_the_newest_sound_snapshot(
    shop: Shop, view: str
) -> None:
    whole = surestock("export", view, "--data-dir", shop.data_dir).stdout
    shutil.rmtree(shop.config.archive)
    assert surestock("export", view, "--data-dir", shop.data_dir).stdout == whole
    shop.snapshots[-1].write_bytes(b"spoilt\n")
    assert surestock("export", view, "--data-dir", shop.data_dir).stdout == whole
    shop.snapshots[0].write_bytes(b"spoilt\n")
    result = surestock("export", view, "--data-dir", shop.data_dir)
    assert result.exit_code == 1
    assert "records 1 to 18 are in neither the event log nor the archive" in result.stderr


def test_verify_never_begins_with_a_snapshot_while_there_is_an_archive(shop: Shop) -> None:
    shutil.rmtree(shop.config.archive)
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    missing = shop.log / f"{1:020d}.ndjson"
    assert f"damaged: {missing}: records 1 to 18 are in neither" in result.stderr
    assert "clean" not in result.stdout


def test_damage_in_the_archive_is_named_by_file_line_and_byte(shop: Shop) -> None:
    path = shop.archived[1]
    sound = path.read_bytes()
    path.write_bytes(sound[:-30] + bytes([sound[-30] ^ 1]) + sound[-29:])
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert f"damaged: {path}, line 1, byte 0: " in result.stderr
    assert "ARCHIVE=off" not in result.stderr


def test_a_segment_that_is_missing_from_the_middle_of_the_archive_is_named(shop: Shop) -> None:
    shop.archived[1].unlink()
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    missing = shop.log / f"{4:020d}.ndjson"
    assert f"damaged: {missing}: records 4 to 6 are in neither" in result.stderr
    assert "ARCHIVE=off" not in result.stderr
    assert surestock("verify", shop.data_dir, ARCHIVE="off").exit_code == 1


def test_a_file_in_the_archive_that_is_no_segment_is_named(shop: Shop) -> None:
    path = shop.config.archive / "copy.ndjson.gz"
    shutil.copy(shop.archived[0], path)
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert f"damaged: {path}, line 1, byte 0: its name is not that of a segment" in result.stderr


def test_a_segment_that_is_both_plain_and_archived_counts_once(shop: Shop) -> None:
    """As after a death between archiving it and taking it out of the event log."""

    def die() -> None:
        raise OSError(5, "died")

    failpoints.arm("compact.unlink", die)
    shop.sell(3, "late")
    with pytest.raises(OSError, match="died"):
        shop.keep_up()
    failpoints.disarm_all()
    assert {it.name[:20] for it in shop.archived} & {it.name[:20] for it in shop.segments}
    result = surestock("verify", shop.data_dir)
    assert (result.exit_code, result.stderr) == (0, "")
    assert table_of(result.stdout)["records"] == "39"


def test_an_import_goes_on_where_an_archived_one_stopped(tmp_path: Path) -> None:
    """Its rows are known by their keys, which stand in archived segments by now."""
    counts = tmp_path / "counts.csv"
    rows = [f"s1,sku-{number},{number}\n" for number in range(1, 8)]
    counts.write_text("".join(["storeId,sku,onHand\n", *rows]))
    shop = Shop(tmp_path / "data")
    shop.clock = ManualClock(SystemClock().now())
    assert surestock("import", counts, "--data-dir", shop.data_dir).exit_code == 0
    shop.open()
    for _ in range(4):
        shop.sell(2)
        shop.keep_up()
    assert shop.archived[0].name.startswith(f"{1:020d}")
    told = surestock("import", counts, "--data-dir", shop.data_dir).stdout
    assert told.endswith(
        "0 counts recorded (7 more were recorded by an earlier run), 0 rows failed\n"
    )
    assert surestock("verify", shop.data_dir).exit_code == 0
    exported = surestock("export", "--data-dir", shop.data_dir).stdout
    assert exported.count("sku-") == 7


def test_without_an_archive_verify_begins_with_the_oldest_snapshot_and_says_so(
    young: Shop,
) -> None:
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 0
    assert result.stdout.endswith("clean\n")
    assert "note: the log does not begin with record 1." in result.stderr
    assert "taken from the snapshot of record 12, which only its own checksums" in result.stderr
    told = table_of(result.stdout)
    assert (told["segments"], told["of them archived"], told["records"]) == ("4", "0", "24")
    assert told["snapshots equal to the replay"] == "1"
    assert told["central SKUs equal to the replay"] == "2"


def test_a_beginning_that_is_missing_is_damage_unless_nobody_was_to_keep_it(young: Shop) -> None:
    result = surestock("verify", young.data_dir)
    assert result.exit_code == 1
    assert "records 1 to 12 are in neither the event log nor the archive." in result.stderr
    assert "If the service runs with ARCHIVE=off, they were deleted on purpose" in result.stderr


def test_verify_begins_with_the_next_snapshot_when_the_oldest_is_damaged(young: Shop) -> None:
    oldest = young.snapshots[0]
    oldest.write_bytes(oldest.read_bytes()[:-5])
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 1
    assert "taken from the snapshot of record 18" in result.stderr
    assert f"damaged: {oldest}: its last line is cut short." in result.stderr
    assert "Delete the damaged file alone" in result.stderr
    assert "delete the folder" not in result.stderr
    oldest.unlink()
    assert surestock("verify", young.data_dir, ARCHIVE="off").exit_code == 0


def test_without_any_sound_snapshot_a_log_that_begins_late_is_damaged(young: Shop) -> None:
    for path in young.snapshots:
        path.write_bytes(path.read_bytes()[:-5])
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 1
    assert "records 1 to 12 are in neither the event log nor the archive" in result.stderr


def test_lines_before_the_snapshot_that_verify_begins_with_are_checked_too(young: Shop) -> None:
    young.snapshots[0].unlink()
    segment = young.segments[0]
    sound = segment.read_bytes()
    segment.write_bytes(sound.replace(b'"delta":-1', b'"delta":-2', 1))
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 1
    assert f"damaged: {segment}, line " in result.stderr
    assert "its checksum does not match" in result.stderr


def test_a_snapshot_of_another_log_is_nothing_to_begin_with(young: Shop) -> None:
    other = pruned(young.data_dir.parent / "other")
    for path in young.snapshots:
        shutil.copy(other.config.snapshots / path.name, path)
    result = surestock("verify", young.data_dir, ARCHIVE="off")
    assert result.exit_code == 1
    assert "snapshot 18 was made of a line with checksum" in result.stderr


@pytest.mark.parametrize("view", ["stock", "central"])
def test_an_export_takes_from_the_snapshot_what_was_deleted(young: Shop, view: str) -> None:
    told = surestock("export", view, "--data-dir", young.data_dir).stdout
    levels = [orjson.loads(line) for line in told.splitlines()]
    assert {(it["sku"], it["onHand"]) for it in levels} == (
        {("apple", 993), ("bread", 50), ("apple", 493)}
        if view == "stock"
        else {("apple", 993 + 493), ("bread", 50)}
    )


def test_history_says_that_older_events_were_deleted(young: Shop) -> None:
    result = surestock("history", "s2", "apple", "--data-dir", young.data_dir)
    assert result.exit_code == 0
    assert "note: the events of records 1 to 12 were deleted (ARCHIVE=off)." in result.stderr
    assert _history(young, "s2", "apple") == [15, 18, 21, 24]
    assert "493 available = 493 on-hand − 0 reserved, at version 8" in result.stdout


def test_history_shows_what_is_left_of_a_level_whose_events_were_all_deleted(
    young: Shop,
) -> None:
    result = surestock("history", "s1", "bread", "--data-dir", young.data_dir)
    assert result.exit_code == 0
    assert "all events of SKU bread in store s1 were deleted" in result.stderr
    assert result.stdout.startswith("50 available = 50 on-hand − 0 reserved, at version 1, as the")
    result = surestock("history", "s1", "tea", "--data-dir", young.data_dir)
    assert result.exit_code == 2
    assert "There is no SKU tea in store s1" in result.stderr
