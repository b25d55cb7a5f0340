"""``surestock import``: the file as a whole. It is taken as people save it, or refused at once."""

import codecs
from pathlib import Path

import pytest

from tests.cli.command import surestock
from tests.cli.shelf import Shelf

ROWS = {("s1", "apple"): "5", ("s1", "bread"): "0"}


def _levels(data_dir: Path) -> dict[tuple[str, str], str]:
    lines = surestock("export", "--format", "csv", "--data-dir", data_dir).stdout.splitlines()[1:]
    return {(line.split(",")[0], line.split(",")[1]): line.split(",")[3] for line in lines}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", b"storeId,sku,onHand\ns1,apple,5\ns1,bread,0\n"),
        ("crlf.csv", b"storeId,sku,onHand\r\ns1,apple,5\r\ns1,bread,0\r\n"),
        ("bom.csv", codecs.BOM_UTF8 + b"storeId,sku,onHand\ns1,apple,5\ns1,bread,0\n"),
        ("quoted.csv", b'"storeId","sku","onHand"\n"s1","apple","5"\n"s1","bread","0"\n'),
        ("reason.csv", b'storeId,sku,onHand,reason\ns1,apple,5,"two ""bad"", gone"\ns1,bread,0,\n'),
        ("order.csv", b"onHand,reason,sku,storeId\n5,,apple,s1\n0,,bread,s1\n"),
        ("blank.csv", b"\nstoreId,sku,onHand\n\ns1,apple,5\n \ns1,bread,0"),
        ("UPPER.CSV", b"storeId,sku,onHand\ns1,apple,5\ns1,bread,0\n"),
        (
            "exported.csv",
            b"storeId,sku,qty,onHand,reserved,version,updatedAt\ns1,apple,4,5,1,9,x\ns1,bread,,0,,,\n",
        ),
        (
            "plain.ndjson",
            b'{"storeId":"s1","sku":"apple","onHand":5}\n{"onHand":0,"sku":"bread","storeId":"s1"}\n',
        ),
        (
            "bom.ndjson",
            codecs.BOM_UTF8
            + b'{"storeId":"s1","sku":"apple","onHand":5,"reason":"x"}\r\n\r\n'
            + b'{"storeId":"s1","sku":"bread","onHand":0,"version":3,"qty":0,"reason":null}',
        ),
    ],
)
def test_a_file_is_taken_however_it_was_saved(tmp_path: Path, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = surestock("import", file, "--data-dir", tmp_path / "data")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == f"{file}: 2 counts recorded, 0 rows failed\n"
    assert _levels(tmp_path / "data") == ROWS


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", b"", "it is empty"),
        ("a.csv", codecs.BOM_UTF8, "it is empty"),
        ("a.csv", b"storeId,sku,onHand\n", "it holds no rows"),
        ("a.ndjson", b"\n", "it holds no rows"),
        ("a.csv", b"storeId,sku\ns1,apple\n", "it has no column onHand"),
        (
            "a.csv",
            b"storeId;sku;onHand\ns1;apple;5\n",
            "has an unknown column 'storeId;sku;onHand'",
        ),
        ("a.csv", b"storeId,sku,onHand,price\ns1,apple,5,1\n", "it has an unknown column 'price'"),
        ("a.csv", b"storeId,sku,sku,onHand\ns1,a,b,5\n", "it has the same column twice"),
        ("a.csv", b'"storeId,sku,onHand\ns1,apple,5\n', "its first line is no CSV header"),
        ("a.csv", b"x" * 70_000 + b"\ns1,apple,5\n", "far too long for a CSV header"),
        ("a.csv", b"storeId,sku,onHand\ns1,apple,5\ns1,\xff,1\n", "line 3 is not UTF-8"),
        ("a.csv", "storeId,sku,onHand\n".encode("utf-16"), "line 1 is not UTF-8"),
        ("a.csv", b"storeId,sku,onHand,reason\ns1,apple,5,caf\xc3", "line 2 is not UTF-8"),
        ("a.txt", b"storeId,sku,onHand\ns1,apple,5\n", "is neither a .csv nor an .ndjson file"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused_in_one_sentence(
    tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    result = surestock("import", file, "--data-dir", tmp_path / "data")
    assert result.exit_code == 2
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert not Shelf(tmp_path / "data").segments


def test_broken_text_far_into_a_file_is_found_before_anything_is_recorded(tmp_path: Path) -> None:
    """The place is told right also when a character is cut by the reader's own buffer."""
    file = tmp_path / "a.csv"
    head = b"storeId,sku,onHand,reason\n"
    row = b"s1,apple,5," + "é".encode() * 100 + b"\n"
    rows = (3 * 1024 * 1024) // len(row)
    file.write_bytes(head + row * rows + b"s1,apple,5,\xc3\n")
    result = surestock("import", file, "--data-dir", tmp_path / "data")
    assert result.exit_code == 2
    assert f"line {rows + 2} is not UTF-8" in result.stderr


@pytest.mark.parametrize(("name", "said"), [("no.csv", "does not exist"), ("d.csv", "not a file")])
def test_a_file_that_is_not_there_is_named(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "d.csv").mkdir()
    result = surestock("import", tmp_path / name, "--data-dir", tmp_path / "data")
    assert result.exit_code == 2
    assert f"{tmp_path / name}" in result.stderr
    assert said in result.stderr


def test_a_data_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"storeId,sku,onHand\ns1,apple,5\n")
    result = surestock("import", file, "--data-dir", file)
    assert result.exit_code == 2
    assert str(file) in result.stderr
    assert result.stderr.count("\n") == 1
