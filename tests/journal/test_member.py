"""One member: as any gzip reader wants it, and believed only when all of it is as it must be."""

import gzip
import os
from pathlib import Path

import pytest

from surestock.journal.member import (
    HEADER_BYTES,
    BadMember,
    decode_member,
    encode_member,
    is_ours,
    read_header,
)
from surestock.journal.member_table import MemberTables
from tests.journal.folders import Folders

CONTENT = b"all the stock of the house" * 40
MEMBER = encode_member(CONTENT, 5000)


def test_a_member_is_a_gzip_file_with_no_time_in_it() -> None:
    assert gzip.decompress(MEMBER) == CONTENT
    assert MEMBER[:12].hex(" ") == "1f 8b 08 04 00 00 00 00 00 ff 14 00"
    assert encode_member(CONTENT, 5000) == MEMBER


def test_a_header_tells_the_member_s_bytes_and_the_segment_s() -> None:
    assert is_ours(MEMBER)
    assert not is_ours(gzip.compress(CONTENT))
    assert read_header(MEMBER[:HEADER_BYTES]) == (len(MEMBER), 5000)
    assert decode_member(MEMBER, len(CONTENT)) == CONTENT


@pytest.mark.parametrize("place", [*range(16), *range(20, 24)])
def test_a_header_with_any_fixed_byte_altered_is_none(place: int) -> None:
    header = bytearray(MEMBER[:HEADER_BYTES])
    header[place] ^= 1
    with pytest.raises(BadMember, match="no member starts where one must"):
        read_header(bytes(header))


@pytest.mark.parametrize("short", range(HEADER_BYTES))
def test_a_header_that_is_cut_off_is_none(short: int) -> None:
    with pytest.raises(BadMember, match="cut off"):
        read_header(MEMBER[:short])


@pytest.mark.parametrize(
    ("member", "length"),
    [
        (MEMBER, len(CONTENT) - 1),
        (MEMBER, len(CONTENT) + 1),
        (MEMBER + b"\0", len(CONTENT)),
        (MEMBER + MEMBER, len(CONTENT)),
        (MEMBER[:-1], len(CONTENT)),
        (MEMBER[:-8], len(CONTENT)),
        (MEMBER[:-8] + bytes(8), len(CONTENT)),
        (b"", 0),
    ],
)
def test_a_member_that_holds_another_number_of_bytes_is_refused(member: bytes, length: int) -> None:
    with pytest.raises(BadMember):
        decode_member(member, length)


def test_a_member_that_would_inflate_without_end_is_not_inflated() -> None:
    bomb = encode_member(bytes(1 << 26), 1 << 26)
    with pytest.raises(BadMember, match="does not hold what it must"):
        decode_member(bomb, 100)


@pytest.fixture
def archived(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path)
    folders.move()
    return folders


def test_members_that_disagree_on_the_segment_s_size_are_refused_at_once(archived: Folders) -> None:
    content = bytearray(archived.archived.read_bytes())
    starts = [at for at in range(len(content)) if content.startswith(b"\x1f\x8b\x08\x04", at)]
    content[starts[2] + 24] ^= 1
    archived.archived.write_bytes(content)
    fd = os.open(archived.archived, os.O_RDONLY)
    try:
        table = MemberTables().of(fd, "any")
    finally:
        os.close(fd)
    assert table is not None
    assert table.why == "the archive is damaged: its members disagree"
    assert list(table.starts) == starts[:3]


def test_only_the_newest_tables_are_kept(
    archived: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    walked = 0
    real = os.pread

    def counted(fd: int, length: int, offset: int) -> bytes:
        nonlocal walked
        walked += offset == 0
        return real(fd, length, offset)

    fd = os.open(archived.archived, os.O_RDONLY)
    tables = MemberTables(most=2)
    walks = {}
    monkeypatch.setattr(os, "pread", counted)
    try:
        for step, path in enumerate("aabbabcacb"):
            before = walked
            assert tables.of(fd, path) is not None
            walks[step, path] = walked > before
    finally:
        os.close(fd)
    known = [path for (_, path), again in walks.items() if not again]
    assert known == ["a", "b", "a", "b", "c"]
