"""``surestock verify`` on what is made from the log: the log is right, and this must be like it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from msgspec.structs import replace

from surestock.inventory.model import Level, Line, Reservation
from surestock.journal.line import seal
from surestock.sidecar.entry import ENTRY_BYTES, Entry, unpack_entry
from surestock.sidecar.file import RunFile
from surestock.sidecar.head import encode_head
from surestock.sidecar.page import PAGE_BYTES
from surestock.sidecar.write import RunWriter, write_run
from surestock.snapshot import Snapshot, read_snapshot, write_snapshot
from surestock.sync import stocks
from surestock.sync.checkpoint import Checkpoint, write_checkpoint
from tests.cli.command import surestock
from tests.cli.kept import Shop, kept
from tests.cli.told import table_of

MADE_AGAIN = "the log is sound. What is damaged was made from it and will be made again"


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept(tmp_path_factory.mktemp("once") / "data").data_dir


@pytest.fixture
def shop(once: Path, tmp_path: Path) -> Shop:
    shutil.copytree(once, tmp_path / "data")
    return Shop(tmp_path / "data")


def _found(shop: Shop, path: Path, why: str, folder: str) -> None:
    """Expect the damage at ``path``, and the hint that the folder it is in may go."""
    before = {it: it.read_bytes() for it in shop.data_dir.rglob("*") if it.is_file()}
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1, result.stdout
    assert f"surestock: damaged: {path}: " in result.stderr
    assert why in result.stderr
    assert MADE_AGAIN in result.stderr
    assert result.stderr.endswith(f"while no server runs, delete {shop.data_dir / folder}.\n")
    assert "clean" not in result.stdout
    assert {it: it.read_bytes() for it in shop.data_dir.rglob("*") if it.is_file()} == before
    shutil.rmtree(shop.data_dir / folder)
    assert surestock("verify", shop.data_dir).exit_code == 0


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


def test_every_line_of_a_snapshot_that_is_altered_is_found(shop: Shop) -> None:
    for path in shop.snapshots:
        sound = path.read_bytes()
        offset = 0
        for line in sound.splitlines(keepends=True):
            middle = offset + len(line) // 2
            path.write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
            result = surestock("verify", shop.data_dir)
            assert result.exit_code == 1
            assert f"damaged: {path}: its checksum does not match." in result.stderr
            offset += len(line)
        path.write_bytes(sound)
    assert surestock("verify", shop.data_dir).exit_code == 0


def _other_levels(old: Snapshot, level: Level) -> dict[str, Any]:
    return {"levels": [level, *old.levels[1:]]}


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (lambda old: _other_levels(old, replace(old.levels[0], on_hand=4711)), "on_hand=4711"),
        (lambda old: _other_levels(old, replace(old.levels[0], version=1)), "version=1"),
        (lambda old: {"levels": old.levels[:-1]}, "it holds 2 levels, the log 3"),
        (lambda old: {"levels": old.levels[::-1]}, "its levels are not sorted"),
        (
            lambda _: {"reservations": [Reservation("r", (Line("s1", "apple", 1),), "active")]},
            "the log None",
        ),
        (lambda old: {"head": replace(old.head, ids={})}, "the ids that it knows"),
        (lambda old: {"head": replace(old.head, log="00c0ffee")}, "checksum 00c0ffee"),
        (
            lambda old: {"head": replace(old.head, ts=old.head.ts.replace(year=2019))},
            "its time is 2019",
        ),
    ],
)
def test_a_snapshot_that_says_something_else_than_the_log_is_found(
    shop: Shop, other: Callable[[Snapshot], dict[str, Any]], why: str
) -> None:
    path = shop.snapshots[0]
    old = read_snapshot(path)
    new = replace(old, **other(old))
    assert write_snapshot(path.parent, new.head, new.levels, new.reservations) == path
    _found(shop, path, why, "snapshots")


def test_a_reservation_that_a_snapshot_left_out_is_found(shop: Shop) -> None:
    shop.hold("open")
    shop.sell(3, "late")
    shop.keep_up()
    path = shop.snapshots[-1]
    old = read_snapshot(path)
    assert len(old.reservations) == 1
    assert surestock("verify", shop.data_dir).exit_code == 0
    write_snapshot(path.parent, old.head, old.levels, [])
    _found(shop, path, "it holds 0 reservations, the log 1", "snapshots")


def test_a_snapshot_that_no_line_led_to_is_found(shop: Shop) -> None:
    old = read_snapshot(shop.snapshots[0])
    path = write_snapshot(
        shop.config.snapshots, replace(old.head, sequence=0), old.levels, old.reservations
    )
    _found(shop, path, "no line that was replayed ends with record 0", "snapshots")


def test_a_byte_of_an_index_that_is_altered_is_found_wherever_it_stands(shop: Shop) -> None:
    for path in shop.runs:
        sound = path.read_bytes()
        with RunFile(path) as run:
            tail = run.head.tail
        for at in (3, 20, PAGE_BYTES + 5, PAGE_BYTES + ENTRY_BYTES + 20, tail + 2, len(sound) - 1):
            path.write_bytes(sound[:at] + bytes([sound[at] ^ 1]) + sound[at + 1 :])
            result = surestock("verify", shop.data_dir)
            assert result.exit_code == 1, (path, at)
            assert f"damaged: {path}: " in result.stderr
            assert path.exists()
        path.write_bytes(sound[:-1])
        assert f"damaged: {path}: it has" in surestock("verify", shop.data_dir).stderr
        path.write_bytes(sound)


def _entries(path: Path) -> list[Entry]:
    with RunFile(path) as run:
        return [unpack_entry(packed) for several in run.entries() for packed in several]


@pytest.mark.parametrize("suffix", [".keys", ".reservations"])
@pytest.mark.parametrize(
    "other",
    [
        lambda entries: entries[1:],
        lambda entries: [*entries, entries[0]._replace(digest=bytes(16))],
        lambda entries: [entries[0]._replace(offset=entries[0].offset + 1), *entries[1:]],
        lambda entries: [entries[0]._replace(crc=entries[1].crc), *entries[1:]],
        lambda entries: [entries[0]._replace(digest=b"\0" * 16), *entries[1:]],
    ],
    ids=["left out", "invented", "moved", "another record", "another digest"],
)
def test_an_index_that_leads_elsewhere_is_found(
    shop: Shop, suffix: str, other: Callable[[list[Entry]], list[Entry]]
) -> None:
    path = next(it for it in shop.runs if it.suffix == suffix)
    with RunFile(path) as run:
        head = run.head
    write_run(path, head.first, head.last, head.newest, other(_entries(path)))
    why = f"it does not hold just what records {head.first} to {head.last} are found by"
    _found(shop, path, why, "index")


def test_an_index_out_of_order_is_found(shop: Shop) -> None:
    path = shop.runs[0]
    with RunFile(path) as run:
        head, packed = run.head, [it for several in run.entries() for it in several]
    with RunWriter(path, head) as writer:
        writer.add([packed[1], packed[0], *packed[2:]])
        writer.finish()
    _found(shop, path, "its entry 2 is out of order", "index")


@pytest.mark.parametrize(
    ("fence", "filter_byte", "why"),
    [
        (lambda one: one, lambda _: 0, "its filter denies entry 1"),
        (lambda one: one ^ 1, lambda one: one, "the fence before entry 1 is not its digest"),
    ],
    ids=["filter", "fence"],
)
def test_an_index_that_does_not_lead_to_its_own_entries_is_found(
    shop: Shop, fence: Callable[[int], int], filter_byte: Callable[[int], int], why: str
) -> None:
    """All checksums are right: it was made so."""
    path = shop.runs[0]
    with RunFile(path) as run:
        head = run.head
        fences, bits = run.tail()
    fences = bytes([fence(fences[0])]) + fences[1:]
    bits = bytes(map(filter_byte, bits))
    head = replace(head, tail_crc=crc32(bits, crc32(fences)))
    pages = path.read_bytes()[PAGE_BYTES : head.tail]
    path.write_bytes(encode_head(head) + pages + fences + bits)
    _found(shop, path, why, "index")


def test_an_index_of_records_that_are_no_segments_is_found(shop: Shop) -> None:
    path = shop.config.index / f"{2:020d}-{40:020d}.keys"
    old = read_snapshot(shop.snapshots[0])
    write_run(path, 2, 40, old.head.ts, [])
    _found(shop, path, "no lines of the log hold just the records 2 to 40", "index")


def test_a_checkpoint_that_was_altered_is_found(shop: Shop) -> None:
    path = shop.config.central / "checkpoint.json"
    path.write_bytes(path.read_bytes().replace(b'"sequence":30', b'"sequence":29'))
    _found(shop, path, "its checksum does not match", "central")


def test_a_checkpoint_of_another_log_is_found(shop: Shop) -> None:
    write_checkpoint(shop.config.central, Checkpoint(30, "00c0ffee"))
    path = shop.config.central / "checkpoint.json"
    _found(shop, path, "record 30 ends a line with checksum", "central")


def test_damage_among_the_decisions_is_found(shop: Shop) -> None:
    path = shop.config.central / "dead-letters.ndjson"
    line, _ = seal(b'"decidedAt":"2020-01-01T00:00:00Z","letters":[]}')
    path.write_bytes(line.replace(b"2020", b"2021") + line)
    _found(shop, path, "dead-letters.ndjson line 1 at byte 0", "central")


def test_a_fold_that_differs_from_the_replay_is_found(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def one_more(level: Level, store_id: str, sku: str) -> Level:
        return replace(level, store_id=store_id, sku=sku, on_hand=level.on_hand + 1)

    monkeypatch.setattr(stocks, "_kept", one_more)
    result = surestock("verify", shop.data_dir)
    assert result.exit_code == 1
    assert f"damaged: {shop.config.central}: SKU apple is folded to Level(" in result.stderr
    assert f"damaged: {shop.config.central}: SKU bread is folded to Level(" in result.stderr


def test_a_sku_that_the_fold_lost_is_found(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
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
