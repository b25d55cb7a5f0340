"""``surestock verify`` on what is made from the log: the log is right, and this must be like it."""

import shutil
from typing import Any

import pytest
from msgspec.structs import replace

from surestock.inventory.model import Level
from surestock.journal.archive import archive_segment
from surestock.journal.line import seal
from surestock.journal.scan import Scan
from surestock.runtime.offline.audit import log as audited
from surestock.snapshot import read_snapshot, write_snapshot
from surestock.sync import stocks
from surestock.sync.checkpoint import Checkpoint, write_checkpoint
from tests.cli.command import surestock
from tests.cli.kept import Shop
from tests.cli.told import expect_damage, table_of


def test_what_was_compared_is_counted(shop: Shop) -> None:
    result = surestock("verify", shop.data_dir)
    assert (result.exit_code, result.stderr) == (0, "")
    told = table_of(result.stdout)
    assert told["segments"] == "10"
    assert told["of them archived"] == "6"
    assert told["records"] == "30"
    assert told["snapshots equal to the replay"] == "2"
    assert told["central SKUs equal to the replay"] == "2"
    assert told["not compared (dead letters)"] == "0"
    # 24 records are indexed: 24 keys, and 7 reservations with a beginning and an end each.
    assert told["index runs, complete"] == str(len(shop.runs))
    assert told["entries in them"] == "38"


@pytest.mark.parametrize("folder", ["snapshots", "index", "central"])
def test_nothing_that_can_be_made_again_need_be_there(shop: Shop, folder: str) -> None:
    shutil.rmtree(shop.data_dir / folder)
    assert surestock("verify", shop.data_dir).exit_code == 0


def test_a_checkpoint_that_was_altered_is_damage(shop: Shop) -> None:
    path = shop.config.central / "checkpoint.json"
    path.write_bytes(path.read_bytes().replace(b'"sequence":30', b'"sequence":29'))
    expect_damage(shop, path, "its checksum does not match", "central")


def test_a_checkpoint_of_another_log_is_damage(shop: Shop) -> None:
    write_checkpoint(shop.config.central, Checkpoint(30, "00c0ffee"))
    path = shop.config.central / "checkpoint.json"
    expect_damage(shop, path, "record 30 ends a line with checksum", "central")


def test_damage_among_the_decisions_is_damage(shop: Shop) -> None:
    path = shop.config.central / "dead-letters.ndjson"
    line, _ = seal(b'"decidedAt":"2020-01-01T00:00:00Z","letters":[]}')
    path.write_bytes(line.replace(b"2020", b"2021") + line)
    expect_damage(shop, path, "dead-letters.ndjson line 1 at byte 0", "central")


def test_a_fold_that_differs_from_the_replay_is_damage(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_more(level: Level, store_id: str, sku: str) -> Level:
        return replace(level, store_id=store_id, sku=sku, on_hand=level.on_hand + 1)

    monkeypatch.setattr(stocks, "_kept", one_more)
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert f"damaged: {shop.config.central}: SKU apple is folded to Level(" in result.stderr
    assert f"damaged: {shop.config.central}: SKU bread is folded to Level(" in result.stderr


def test_a_sku_that_the_fold_lost_is_damage(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    put = stocks.Stocks.put

    def put_all_but_bread(self: stocks.Stocks, level: Level, *rest: Any, **more: Any) -> None:
        if level.sku != "bread":
            put(self, level, *rest, **more)

    monkeypatch.setattr(stocks.Stocks, "put", put_all_but_bread)
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert "the fold holds 2 levels, the log 3" in result.stderr


@pytest.mark.parametrize("make_beyond", ["snapshot", "checkpoint"])
def test_a_log_that_ends_before_what_was_seen_of_it_has_lost_records(
    shop: Shop, make_beyond: str
) -> None:
    if make_beyond == "snapshot":
        old = read_snapshot(shop.snapshots[-1])
        write_snapshot(shop.config.snapshots, replace(old.head, sequence=31), old.levels, [])
    else:
        write_checkpoint(shop.config.central, Checkpoint(31, "00c0ffee"))
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert "The event log ends with record 30, but record 31 was durable." in result.stderr
    assert "delete the folders snapshots, index and central" in result.stderr


def test_a_last_line_that_was_seen_is_damaged_and_not_torn(shop: Shop) -> None:
    segment = shop.segments[-1]
    segment.write_bytes(segment.read_bytes()[:-20])
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert f"damaged: {segment}" in result.stderr
    assert "record 30 was durable, so this is no torn tail" in result.stderr


def test_a_server_may_begin_and_archive_segments_meanwhile(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    class WhileServed(Scan):
        def __init__(self, *where: Any) -> None:
            super().__init__(*where)
            (shop.log / f"{31:020d}.ndjson").touch()
            archive_segment(shop.segments[0], shop.config.archive)
            shop.segments[0].unlink()

    monkeypatch.setattr(audited, "Scan", WhileServed)
    result = surestock("verify", shop.data_dir)
    assert (result.exit_code, result.stderr) == (0, "")
    assert table_of(result.stdout)["records"] == "30"
