"""Reading back: a torn tail is dropped, any other damage refuses to start and names the place."""

import zlib
from pathlib import Path

import pytest

from surestock.journal.errors import JournalDamaged, UnknownFormat
from surestock.journal.line import encode_commit, encode_header
from surestock.journal.scan import Scan
from tests.journal.logs import TS, read_log, unsynced, write_log

LINES = 200


def one_segment(directory: Path) -> Path:
    (segment,) = directory.glob("*.ndjson")
    return segment


def outcome(directory: Path) -> list[int] | None:
    """What a start makes of the log: the numbers that it accepts, or None when it refuses."""
    try:
        accepted = read_log(directory)
    except (JournalDamaged, UnknownFormat):
        return None
    # A second start must find a sound log.
    assert read_log(directory) == accepted
    return accepted


def accepted_but_altered(directory: Path, attacks: list[bytes], whole: list[int]) -> list[int]:
    """The indices of the attacked logs that were accepted, and were more than a torn tail short."""
    segment = one_segment(directory)
    altered = []
    for index, attack in enumerate(attacks):
        segment.write_bytes(attack)
        with unsynced():
            accepted = outcome(directory)
        if accepted not in (None, whole, whole[:-1]):
            altered.append(index)
        for left in directory.iterdir():
            left.unlink()
    return altered


@pytest.mark.parametrize(
    ("lines", "stride"),
    [(20, 1), pytest.param(LINES, 1, marks=[pytest.mark.prove, pytest.mark.timeout(1200)])],
)
def test_a_byte_that_was_altered_anywhere_is_never_accepted(
    tmp_path: Path, lines: int, stride: int
) -> None:
    write_log(tmp_path, lines)
    sound = one_segment(tmp_path).read_bytes()
    attacks = []
    for offset in range(0, len(sound), stride):
        attack = bytearray(sound)
        attack[offset] ^= 1 << (offset % 8)
        attacks.append(bytes(attack))
    # Line feeds where none were, and none where one was, shift the lines themselves.
    attacks += [sound[:at] + b"\n" + sound[at + 1 :] for at in range(0, len(sound), 31)]
    whole = list(range(1, lines + 1))
    assert accepted_but_altered(tmp_path, attacks, whole) == []
    print(f"flips at {len(attacks)} places of {lines} lines: accepted-but-altered 0")


@pytest.mark.parametrize(
    "lines", [20, pytest.param(LINES, marks=[pytest.mark.prove, pytest.mark.timeout(1200)])]
)
def test_a_log_cut_at_any_byte_keeps_every_whole_line(tmp_path: Path, lines: int) -> None:
    write_log(tmp_path, lines)
    segment = one_segment(tmp_path)
    sound = segment.read_bytes()
    for cut in range(len(sound) + 1):
        segment.write_bytes(sound[:cut])
        whole_lines = sound[:cut].count(b"\n")
        with unsynced():
            assert outcome(tmp_path) == list(range(1, whole_lines)), cut
        for left in tmp_path.iterdir():
            left.unlink()
    print(f"cuts at {len(sound) + 1} bytes of {lines} lines: lost whole lines 0")


def test_zeroed_sectors_at_the_end_are_a_torn_tail(tmp_path: Path) -> None:
    write_log(tmp_path, 5)
    segment = one_segment(tmp_path)
    sound = segment.read_bytes()
    segment.write_bytes(sound + b"\0" * 4096)
    assert outcome(tmp_path) == [1, 2, 3, 4, 5]
    assert (tmp_path / f"{segment.name}.torn").read_bytes() == b"\0" * 4096


def test_zeroed_sectors_in_the_middle_are_damage(tmp_path: Path) -> None:
    write_log(tmp_path, LINES)
    segment = one_segment(tmp_path)
    sound = segment.read_bytes()
    segment.write_bytes(sound[:4096] + b"\0" * 512 + sound[4608:])
    with pytest.raises(JournalDamaged, match=r"line \d+ at byte \d+"):
        read_log(tmp_path)


def test_damage_names_file_line_and_byte_offset(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    segment = one_segment(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[2] = lines[2].replace(b'"n":2', b'"n":9')
    segment.write_bytes(b"".join(lines))
    with pytest.raises(JournalDamaged) as caught:
        read_log(tmp_path)
    assert (caught.value.path, caught.value.line) == (segment, 3)
    assert caught.value.offset == len(lines[0]) + len(lines[1])
    assert "checksum" in caught.value.why


def test_a_line_from_another_log_breaks_the_chain(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    segment = one_segment(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    lines[2], _ = encode_commit("12345678", 2, 2, TS, [b'{"n":2}'])
    segment.write_bytes(b"".join(lines))
    with pytest.raises(JournalDamaged, match="follows a line with checksum"):
        read_log(tmp_path)


def test_a_missing_line_is_a_gap_in_the_sequence(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    segment = one_segment(tmp_path)
    lines = segment.read_bytes().splitlines(keepends=True)
    segment.write_bytes(b"".join([lines[0], lines[1], lines[3]]))
    with pytest.raises(JournalDamaged, match="record 2 was expected, but 3 follows"):
        read_log(tmp_path)


def test_a_missing_segment_refuses_to_start(tmp_path: Path) -> None:
    write_log(tmp_path, 50, segment_bytes=500)
    segments = sorted(tmp_path.glob("*.ndjson"))
    assert len(segments) > 3
    segments[1].unlink()
    missing = rf"{segments[1].name} .* records 5 to 8 are not in the event log"
    with pytest.raises(JournalDamaged, match=missing):
        read_log(tmp_path)


def test_a_segment_under_another_name_refuses_to_start(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    segment = one_segment(tmp_path)
    segment.rename(tmp_path / f"{7:020d}.ndjson")
    with pytest.raises(JournalDamaged, match="unlike its name"):
        read_log(tmp_path)


def test_a_damaged_end_of_a_sealed_segment_is_damage(tmp_path: Path) -> None:
    write_log(tmp_path, 50, segment_bytes=500)
    sealed = min(tmp_path.glob("*.ndjson"))
    content = sealed.read_bytes()
    sealed.write_bytes(content[:-3])
    with pytest.raises(JournalDamaged) as caught:
        read_log(tmp_path)
    assert caught.value.path == sealed
    assert caught.value.line == content.count(b"\n")
    assert caught.value.offset == content.rindex(b"\n", 0, -1) + 1


def test_an_unknown_format_is_refused_by_name(tmp_path: Path) -> None:
    header, _ = encode_header("00000000", 1, TS)
    path = tmp_path / f"{1:020d}.ndjson"
    path.write_bytes(header.replace(b"surestock-log/1", b"surestock-log/9"))
    # Sealed again, as a later release would have done it.
    rest = path.read_bytes()[len(b'{"crc":"12345678",') : -1]
    path.write_bytes(b'{"crc":"%08x",%s\n' % (zlib.crc32(rest), rest))
    with pytest.raises(UnknownFormat, match="surestock-log/9"):
        read_log(tmp_path)


def test_a_segment_whose_header_was_never_written_holds_nothing(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    empty = tmp_path / f"{4:020d}.ndjson"
    empty.touch()
    scan = Scan(tmp_path)
    assert len(list(scan)) == 3
    assert scan.torn is not None
    assert scan.torn.segment == empty
    assert outcome(tmp_path) == [1, 2, 3]
    assert not empty.exists()


def test_a_segment_that_goes_back_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, 3)
    header, _ = encode_header("00000000", 2, TS)
    (tmp_path / f"{2:020d}.ndjson").write_bytes(header)
    with pytest.raises(JournalDamaged, match="record 4 was expected, but 2 follows"):
        read_log(tmp_path)


def test_a_line_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    write_log(tmp_path, 1)
    segment = one_segment(tmp_path)
    crc = segment.read_bytes().splitlines()[-1][8:16].decode()
    line, _ = encode_commit(crc, 2, 1, TS, [])
    segment.write_bytes(segment.read_bytes() + line)
    with pytest.raises(JournalDamaged, match="it holds records 2 to 1"):
        read_log(tmp_path)
