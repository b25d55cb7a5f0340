"""``surestock verify`` on indexes: what a record is found by leads to it, and nothing else."""

from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import pytest
from msgspec.structs import replace

from surestock.sidecar.entry import ENTRY_BYTES, Entry, unpack_entry
from surestock.sidecar.file import RunFile
from surestock.sidecar.head import encode_head
from surestock.sidecar.page import PAGE_BYTES
from surestock.sidecar.write import RunWriter, write_run
from surestock.snapshot import read_snapshot
from tests.cli.command import surestock
from tests.cli.kept import Shop
from tests.cli.told import expect_damage


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
def test_an_index_that_leads_elsewhere_is_damage(
    shop: Shop, suffix: str, other: Callable[[list[Entry]], list[Entry]]
) -> None:
    path = next(it for it in shop.runs if it.suffix == suffix)
    with RunFile(path) as run:
        head = run.head
    write_run(path, head.first, head.last, head.newest, other(_entries(path)))
    why = f"it does not hold just what records {head.first} to {head.last} are found by"
    expect_damage(shop, path, why, "index")


def test_the_key_of_a_batch_is_expected_once_in_each_segment(shop: Shop) -> None:
    shop.write_batch(5)
    shop.sell(1, "late")
    assert shop.keep_up().indexed > 1
    result = surestock("verify", shop.data_dir)
    assert (result.exit_code, result.stderr) == (0, "")


def test_an_index_out_of_order_is_damage(shop: Shop) -> None:
    path = shop.runs[0]
    with RunFile(path) as run:
        head, packed = run.head, [it for several in run.entries() for it in several]
    with RunWriter(path, head) as writer:
        writer.add([packed[1], packed[0], *packed[2:]])
        writer.finish()
    expect_damage(shop, path, "its entry 2 is out of order", "index")


@pytest.mark.parametrize(
    ("fence", "filter_byte", "why"),
    [
        (lambda one: one, lambda _: 0, "its filter denies entry 1"),
        (lambda one: one ^ 1, lambda one: one, "the fence before entry 1 is not its digest"),
    ],
    ids=["filter", "fence"],
)
def test_an_index_that_does_not_lead_to_its_own_entries_is_damage(
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
    expect_damage(shop, path, why, "index")


def test_an_index_of_records_that_are_no_segments_is_damage(shop: Shop) -> None:
    path = shop.config.index / f"{2:020d}-{40:020d}.keys"
    old = read_snapshot(shop.snapshots[0])
    write_run(path, 2, 40, old.head.ts, [])
    expect_damage(shop, path, "no lines of the log hold just the records 2 to 40", "index")
