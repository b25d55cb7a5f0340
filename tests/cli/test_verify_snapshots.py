"""``surestock verify`` on snapshots: each must hold what the log up to its record amounts to."""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from surestock.inventory.model import Level, Line, Reservation
from surestock.snapshot import Snapshot, read_snapshot, write_snapshot
from tests.cli.command import surestock
from tests.cli.kept import Shop
from tests.cli.told import expect_damage


def test_every_line_of_a_snapshot_that_is_altered_is_damage(shop: Shop) -> None:
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
def test_a_snapshot_that_says_something_else_than_the_log_is_damage(
    shop: Shop, other: Callable[[Snapshot], dict[str, Any]], why: str
) -> None:
    path = shop.snapshots[0]
    old = read_snapshot(path)
    new = replace(old, **other(old))
    assert write_snapshot(path.parent, new.head, new.levels, new.reservations) == path
    expect_damage(shop, path, why, "snapshots")


def test_a_reservation_that_a_snapshot_left_out_is_damage(shop: Shop) -> None:
    shop.hold("open")
    shop.sell(3, "late")
    shop.keep_up()
    path = shop.snapshots[-1]
    old = read_snapshot(path)
    assert len(old.reservations) == 1
    assert surestock("verify", shop.data_dir).exit_code == 0
    write_snapshot(path.parent, old.head, old.levels, [])
    expect_damage(shop, path, "it holds 0 reservations, the log 1", "snapshots")


def test_a_snapshot_that_no_line_led_to_is_damage(shop: Shop) -> None:
    old = read_snapshot(shop.snapshots[0])
    path = write_snapshot(
        shop.config.snapshots, replace(old.head, sequence=0), old.levels, old.reservations
    )
    expect_damage(shop, path, "no line that was replayed ends with record 0", "snapshots")
