"""One line: sealed by a checksum, and readable by any JSON tool."""

import json
import zlib

import pytest

from surestock.journal.line import (
    FORMAT,
    BadLine,
    decode_commit,
    decode_header,
    encode_commit,
    encode_header,
)
from tests.journal.logs import TS


def test_a_line_is_plain_json_with_a_checksum_over_the_rest_of_it() -> None:
    line, crc = encode_commit("0badcafe", 7, 8, TS, [b'{"a":1}', b'{"b":2}'])
    assert line.endswith(b"]}\n")
    read = json.loads(line)
    assert read == {
        "crc": crc,
        "prev": "0badcafe",
        "first": 7,
        "last": 8,
        "ts": TS,
        "records": [{"a": 1}, {"b": 2}],
    }
    assert crc == f"{zlib.crc32(line[line.index(b',') + 1 : -1]):08x}"


def test_what_was_encoded_is_what_is_decoded() -> None:
    line, crc = encode_commit("0badcafe", 7, 7, TS, [b'{"a":"x\\"y"}'])
    commit = decode_commit(line[:-1])
    assert (commit.crc, commit.prev, commit.first, commit.last) == (crc, "0badcafe", 7, 7)
    assert json.loads(bytes(commit.records)) == [{"a": 'x"y'}]


def test_a_header_tells_the_format_and_where_its_segment_starts() -> None:
    line, crc = encode_header("0badcafe", 31, TS)
    header = decode_header(line[:-1])
    assert (header.crc, header.prev, header.format, header.first) == (crc, "0badcafe", FORMAT, 31)


@pytest.mark.parametrize(
    "bad", [b"", b"{}", b'{"crc":"', b'{"crc":"00000000","prev":1}', b"\0" * 80]
)
def test_what_is_no_line_is_refused(bad: bytes) -> None:
    with pytest.raises(BadLine):
        decode_commit(bad)
    with pytest.raises(BadLine):
        decode_header(bad)


def test_a_header_is_no_commit_and_a_commit_is_no_header() -> None:
    header, _ = encode_header("0badcafe", 1, TS)
    commit, _ = encode_commit("0badcafe", 1, 1, TS, [b"{}"])
    with pytest.raises(BadLine, match="no group commit"):
        decode_commit(header[:-1])
    with pytest.raises(BadLine, match="no segment header"):
        decode_header(commit[:-1])
