"""A snapshot gives back what went into it, or is not believed at all."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from surestock.inventory.model import Level, Line, Reservation
from surestock.kit import failpoints
from surestock.snapshot import (
    SnapshotDamaged,
    SnapshotHead,
    newest_snapshot,
    read_snapshot,
    snapshot_path,
    snapshot_sequences,
    write_snapshot,
)

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LEVELS = [
    Level(store_id, f"sku-{number:04}", 100 + number, number % 3, 1 + number, NOW)
    for store_id in ("east", "west")
    for number in range(2_500)
]
RESERVATIONS = [
    Reservation(
        f"boot-{number:x}",
        (Line("east", f"sku-{number:04}", 1), Line("west", "sku-0001", 2)),
        "active",
        NOW + timedelta(seconds=number) if number % 2 else None,
        "order" if number % 3 else None,
    )
    for number in range(1, 400)
]
STEPS = ["snapshot.write", "snapshot.fdatasync", "snapshot.fsync", "snapshot.rename"]


def head(sequence: int) -> SnapshotHead:
    return SnapshotHead(sequence, "0a0b0c0d", NOW, {"boot": 399, "earlier": 7})


def write(directory: Path, sequence: int, levels: list[Level] = LEVELS) -> Path:
    return write_snapshot(directory, head(sequence), levels, RESERVATIONS)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = write(tmp_path, 42)
    found = read_snapshot(path)
    assert (found.head, found.levels, found.reservations) == (head(42), LEVELS, RESERVATIONS)
    assert (found.sequence, found.crc) == (42, "0a0b0c0d")


def test_an_empty_state_has_a_snapshot_too(tmp_path: Path) -> None:
    found = read_snapshot(write_snapshot(tmp_path, head(1), [], []))
    assert (found.levels, found.reservations) == ([], [])


def test_values_share_their_ids_as_when_they_come_from_the_log(tmp_path: Path) -> None:
    found = read_snapshot(write(tmp_path, 42))
    assert len({id(level.store_id) for level in found.levels}) == 2
    by_key = {level.key: level for level in found.levels}
    assert all(
        line.sku is by_key[line.key].sku for held in found.reservations for line in held.lines
    )


def test_the_newest_sound_one_is_taken(tmp_path: Path) -> None:
    assert newest_snapshot(tmp_path / "nowhere") is None
    for sequence in (7, 40, 100):
        write(tmp_path, sequence)
    assert snapshot_sequences(tmp_path) == [7, 40, 100]
    content = bytearray(snapshot_path(tmp_path, 100).read_bytes())
    content[len(content) // 2] ^= 1
    snapshot_path(tmp_path, 100).write_bytes(content)
    told: list[Path] = []
    found = newest_snapshot(tmp_path, lambda path, _why: told.append(path))
    assert found is not None
    assert found.sequence == 40
    assert told == [snapshot_path(tmp_path, 100)]


def test_no_altered_byte_is_believed(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, head(3), LEVELS[:3], RESERVATIONS[:3])
    sound = path.read_bytes()
    for position in range(len(sound)):
        altered = bytearray(sound)
        altered[position] ^= 0x01
        path.write_bytes(altered)
        with pytest.raises(SnapshotDamaged):
            read_snapshot(path)


def test_no_cut_file_is_believed(tmp_path: Path) -> None:
    path = write_snapshot(tmp_path, head(3), LEVELS[:3], RESERVATIONS[:3])
    sound = path.read_bytes()
    for size in range(len(sound)):
        path.write_bytes(sound[:size])
        with pytest.raises(SnapshotDamaged):
            read_snapshot(path)


def test_a_missing_a_repeated_and_a_foreign_line_are_seen(tmp_path: Path) -> None:
    lines = write(tmp_path, 5).read_bytes().splitlines(keepends=True)
    other = write(tmp_path, 6, LEVELS[:3000]).read_bytes().splitlines(keepends=True)
    path = snapshot_path(tmp_path, 5)
    for wrong in (
        lines[:1] + lines[2:],
        lines[:2] + lines[1:],
        lines[:-1] + other[-1:],
        other[:1] + lines[1:],
        [*lines, lines[-1]],
    ):
        path.write_bytes(b"".join(wrong))
        with pytest.raises(SnapshotDamaged):
            read_snapshot(path)


def test_one_of_another_name_or_format_is_not_believed(tmp_path: Path) -> None:
    path = write(tmp_path, 5)
    moved = path.rename(snapshot_path(tmp_path, 6))
    with pytest.raises(SnapshotDamaged, match="says to be of record 5"):
        read_snapshot(moved)
    moved.write_bytes(b'{"format":"else"}\n')
    with pytest.raises(SnapshotDamaged):
        read_snapshot(moved)


class Killed(BaseException):
    """What stands for a death at a failpoint."""


@pytest.mark.parametrize("step", [*STEPS, "directory.fsync"])
def test_a_death_at_any_step_leaves_the_older_one_or_both(tmp_path: Path, step: str) -> None:
    write(tmp_path, 40)
    big = LEVELS * 3

    def die() -> None:
        raise Killed

    failpoints.arm(step, die)
    try:
        with pytest.raises(Killed):
            write_snapshot(tmp_path, head(50), big, RESERVATIONS)
    finally:
        failpoints.disarm_all()
    found = newest_snapshot(tmp_path)
    assert found is not None
    assert found.sequence == (50 if step == "directory.fsync" else 40)
    assert write_snapshot(tmp_path, head(50), big, RESERVATIONS).exists()


def test_the_disk_may_rest_while_it_is_written(tmp_path: Path) -> None:
    rests: list[None] = []
    path = write_snapshot(tmp_path, head(1), LEVELS * 3, RESERVATIONS, lambda: rests.append(None))
    assert len(rests) == path.stat().st_size // (1024 * 1024)
