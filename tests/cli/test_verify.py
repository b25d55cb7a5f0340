"""``surestock verify``: what is sound is clean, what was altered is named, nothing is touched."""

import shutil
from pathlib import Path

import pytest

from surestock.journal.hold import JournalHold
from surestock.journal.line import GENESIS, encode_header
from tests.cli.command import surestock
from tests.cli.shelf import TS, Shelf, stocked
from tests.cli.told import table_of

CONTENTS = {
    "segments": "1",
    "of them archived": "0",
    "lines (group commits)": "7",
    "records": "7",
    "events": "7",
    "stores": "2",
    "SKUs (store and SKU)": "3",
    "active reservations": "1",
    "snapshots equal to the replay": "0",
    "central SKUs equal to the replay": "2",
    "not compared (dead letters)": "0",
    "index runs, complete": "0",
    "entries in them": "0",
}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return stocked(tmp_path / "data")


def _content(folder: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}


def test_a_sound_log_is_clean_and_its_contents_are_counted(shelf: Shelf) -> None:
    result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 0
    assert result.stdout.endswith("clean\n")
    told = table_of(result.stdout)
    assert set(told) - {"size", "time"} == {*CONTENTS}
    assert {name: told[name] for name in CONTENTS} == CONTENTS


def test_the_directory_may_come_from_the_environment(shelf: Shelf) -> None:
    assert surestock("verify", DATA_DIR=str(shelf.data_dir)).exit_code == 0


def test_an_empty_log_is_clean(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.write()
    assert surestock("verify", tmp_path).stdout.endswith("clean\n")


def test_verify_writes_nothing(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes()[:-20])
    before = _content(shelf.log)
    assert surestock("verify", shelf.data_dir).exit_code == 0
    assert _content(shelf.log) == before


def test_every_flipped_line_is_found_where_it_stands(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    sound = segment.read_bytes()
    offset = 0
    lines = sound.splitlines(keepends=True)
    for number, line in enumerate(lines[:-1], start=1):
        middle = offset + len(line) // 2
        segment.write_bytes(sound[:middle] + bytes([sound[middle] ^ 1]) + sound[middle + 1 :])
        result = surestock("verify", shelf.data_dir)
        assert result.exit_code == 1, number
        assert f"damaged: {segment}, line {number}, byte {offset}: its checksum" in result.stderr
        assert "clean" not in result.stdout
        offset += len(line)


def test_a_line_that_is_gone_is_missed(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join(lines[:3] + lines[4:]))
    result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 1
    assert f"{segment}, line 4, byte {sum(map(len, lines[:3]))}" in result.stderr
    assert "record 3 was expected, but 4 follows" in result.stderr


@pytest.mark.parametrize("name", ["copy.ndjson", f"{9:020d}.ndjson"])
def test_a_segment_under_another_name_is_no_segment(shelf: Shelf, name: str) -> None:
    shutil.move(shelf.segments[0], shelf.log / name)
    result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 1
    assert f"{shelf.log / name}, line 1, byte 0" in result.stderr


def test_a_torn_tail_is_told_and_is_no_damage(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    sound = segment.read_bytes()
    segment.write_bytes(sound[:-20])
    result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 0
    at = sound.rindex(b"\n", 0, -1) + 1
    assert f"note: the last line of {segment}, from byte {at} on, is torn" in result.stderr
    assert "That is not damage." in result.stderr
    assert result.stdout.endswith("clean\n")


def test_a_log_that_somebody_works_on_is_read_and_its_holder_named(shelf: Shelf) -> None:
    segment = shelf.segments[0]
    segment.write_bytes(segment.read_bytes()[:-20])
    with JournalHold(shelf.log):
        result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 0
    assert "works on this log" in result.stderr
    assert "Most likely it was just being written" in result.stderr


def test_verify_does_not_turn_a_starting_server_away(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At no moment does it hold the lock that a server asks for."""

    def no_lock(*_: object) -> None:
        raise AssertionError("verify took a lock")

    monkeypatch.setattr("fcntl.flock", no_lock)
    assert surestock("verify", shelf.data_dir).exit_code == 0


def test_an_unknown_format_is_refused_by_name(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surestock.journal.line.FORMAT", "surestock-log/9")
    shelf.segments[0].write_bytes(encode_header(GENESIS, 1, TS)[0])
    result = surestock("verify", shelf.data_dir)
    assert result.exit_code == 1
    assert "surestock-log/9" in result.stderr


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "There is no data directory"),
        (lambda path: path.write_text(""), "is not a directory"),
        (lambda path: path.mkdir(), "holds no event log"),
    ],
)
def test_without_a_log_there_is_nothing_to_verify(tmp_path: Path, make: object, said: str) -> None:
    place = tmp_path / "data"
    assert callable(make)
    make(place)
    result = surestock("verify", place)
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stdout == ""


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    result = surestock("verify", tmp_path, PORT="much")
    assert result.exit_code == 2
    assert "PORT=much" in result.stderr
    assert result.stderr.count("\n") == 1
