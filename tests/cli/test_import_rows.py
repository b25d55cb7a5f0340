"""``surestock import``: each row stands alone, and the rules are those of the HTTP contract."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from surestock.api.schemas.batch import CountRow
from surestock.cli.counting.csv_rows import CsvRows
from surestock.cli.counting.errors import RowFault
from surestock.cli.counting.row import check_count
from surestock.inventory.commands import AdjustStock, CountStock, ReserveStock
from surestock.inventory.model import MAX_QUANTITY
from tests.cli.command import surestock
from tests.cli.shelf import Shelf

CONTRACT = TypeAdapter(CountRow)
HEADER = b"storeId,sku,onHand,reason\n"


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"s 1,apple,5,", "storeId is 's 1', not 1 to 64 characters"),
        (b"-s,apple,5,", "storeId is '-s'"),
        (b"s1,,5,", "sku is ''"),
        (b"s1," + b"a" * 65 + b",5,", "sku is 'aaaa"),
        (b"s1,apple,-1,", "onHand is '-1', not an integer from 0 to 9007199254740991"),
        (b"s1,apple,+1,", "onHand is '+1'"),
        (b"s1,apple,1.0,", "onHand is '1.0'"),
        (b"s1,apple,1e3,", "onHand is '1e3'"),
        (b"s1,apple, 1,", "onHand is ' 1'"),
        (b"s1,apple,007,", "onHand is '007'"),
        (b"s1,apple,1_000,", "onHand is '1_000'"),
        ("s1,apple,٣,".encode(), "onHand is "),
        (b"s1,apple,,", "onHand is ''"),
        (b"s1,apple,9007199254740992,", "onHand is 9007199254740992"),
        (b"s1,apple," + b"9" * 5000 + b",", "onHand is '9999"),
        (b"s1,apple,5," + b"x" * 256, "reason is 'xxx"),
        (b"s1,apple,5", "it has 3 fields, but 4 columns are named"),
        (b"s1,apple,5,x,y", "it has 5 fields, but 4 columns are named"),
        (b's1,apple,5,"open', "it is no sound CSV"),
        (b's1,apple,5,"a"b', "it is no sound CSV"),
        (b"s1,apple,5," + b"x" * 70_000, "it is longer than 65536 bytes"),
        (b"s1,\x1b[31m,5,", "sku is '\\x1b[31m'"),
    ],
)
def test_a_bad_csv_row_changes_nothing_and_the_others_go_on(
    tmp_path: Path, row: bytes, said: str
) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(HEADER + b"s1,before,1,\n" + row + b"\ns1,after,2,\n")
    result = surestock("import", file, "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert result.stderr.startswith(f"surestock: {file}, line 3: ")
    assert said in result.stderr
    assert result.stderr.count("\n") == 1
    assert result.stdout == f"{file}: 2 counts recorded, 1 rows failed\n"
    told = surestock("export", "--data-dir", tmp_path / "data").stdout
    assert [line.split('"')[7] for line in told.splitlines()] == ["after", "before"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (b"{", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b'{"storeId":"s1","sku":"a"}', "onHand is missing"),
        (b'{"storeId":"s1","sku":"a","onHand":true}', "onHand is True"),
        (b'{"storeId":"s1","sku":"a","onHand":5.0}', "onHand is 5.0"),
        (b'{"storeId":"s1","sku":"a","onHand":"5"}', "onHand is '5'"),
        (b'{"storeId":"s1","sku":"a","onHand":NaN}', "it is not JSON"),
        (b'{"storeId":"s1","sku":"a","onHand":1' + b"0" * 30 + b"}", ""),
        (
            b'{"storeId":"s1","sku":"a","onHand":5,"onHand":6}',
            "it holds an object with the same member twice",
        ),
        (b'{"storeId":"s1","sku":"a","onHand":5,"onhand":6}', "onhand: no such member"),
        (b'{"storeId":"s1","sku":"a\\n","onHand":5}', "sku is 'a\\n'"),
        (b'{"storeId":1,"sku":"a","onHand":5}', "storeId is 1"),
        (b'{"storeId":"s1","sku":"a","onHand":5,"reason":""}', "reason is ''"),
        (b'{"storeId":"s1","sku":"a","onHand":5,"reason":7}', "reason is 7"),
        (b"[" * 10_000, "it is "),
    ],
)
def test_a_bad_ndjson_row_changes_nothing(tmp_path: Path, row: bytes, said: str) -> None:
    file = tmp_path / "a.ndjson"
    file.write_bytes(row + b'\n{"storeId":"s1","sku":"good","onHand":5}\n')
    result = surestock("import", file, "--data-dir", tmp_path / "data")
    assert result.exit_code == 1
    assert f"{file}, line 1: {said}" in result.stderr
    assert surestock("export", "--data-dir", tmp_path / "data").stdout.count("\n") == 1


def test_a_count_below_what_is_reserved_is_refused_by_its_line(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "data")
    shelf.write(CountStock("s1", "apple", 9), ReserveStock("s1", "apple", 4))
    file = tmp_path / "a.csv"
    file.write_bytes(b"storeId,sku,onHand\ns1,bread,1\ns1,apple,3\ns1,apple,4\n")
    result = surestock("import", file, "--data-dir", shelf.data_dir)
    assert result.exit_code == 1
    assert f"{file}, line 3: 4 units of SKU apple in store s1 are reserved" in result.stderr
    assert "2 counts recorded, 1 rows failed" in result.stdout


def test_a_later_row_on_the_same_sku_counts_last(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b"storeId,sku,onHand\ns1,apple,3\ns1,apple,4\n")
    surestock("import", file, "--data-dir", tmp_path / "data")
    told = surestock("export", "--data-dir", tmp_path / "data").stdout
    assert '"onHand":4,"reserved":0,"version":2' in told


def test_who_counted_and_why_stands_in_the_history(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(HEADER + b"s1,apple,3,stocktaking\n")
    Shelf(tmp_path / "data").write(CountStock("s1", "apple", 1), AdjustStock("s1", "apple", 1))
    surestock("import", file, "--data-dir", tmp_path / "data")
    told = surestock("history", "s1", "apple", "--data-dir", tmp_path / "data").stdout
    [line] = [line for line in told.splitlines() if "reason stocktaking" in line]
    assert "import" in line
    assert "+1" in line


_texts = st.text(max_size=66) | st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}", fullmatch=True)
_odd = st.none() | st.booleans() | st.floats() | st.integers() | _texts | st.lists(st.integers())
_members = st.fixed_dictionaries(
    {"storeId": _texts | _odd, "sku": _texts | _odd, "onHand": st.integers() | _odd},
    optional={"reason": st.text(max_size=260) | _odd, "unknown": _odd},
)


@given(_members)
@example({"storeId": "s1", "sku": "a", "onHand": MAX_QUANTITY, "reason": "x" * 255})
@example({"storeId": "s1", "sku": "a", "onHand": MAX_QUANTITY + 1})
@example({"storeId": "s" * 64, "sku": "a\n", "onHand": 0})
@example({"storeId": "s" * 64, "sku": "a", "onHand": 0, "reason": "x" * 256})
@example({"storeId": "s" * 65, "sku": "a", "onHand": 0})
@example({"storeId": "s", "sku": "a", "onHand": 0, "reason": ""})
def test_a_row_is_good_if_and_only_if_the_contract_says_so(members: dict[str, Any]) -> None:
    try:
        row = CONTRACT.validate_python({"op": "count", **members})
        wanted = CountStock(row.store_id, row.sku, row.on_hand, reason=row.reason)
    except ValidationError:
        with pytest.raises(RowFault):
            check_count(members)
    else:
        assert check_count(members) == wanted


@given(st.integers(min_value=0, max_value=MAX_QUANTITY))
def test_every_quantity_of_the_contract_can_be_written_in_csv(on_hand: int) -> None:
    row = CsvRows(HEADER)(f"s1,apple,{on_hand},".encode())
    assert check_count(row) == CountStock("s1", "apple", on_hand)
