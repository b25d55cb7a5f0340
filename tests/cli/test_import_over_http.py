"""``surestock import --url``: every row is answered, whatever happens on the way."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from surestock.cli.counting.errors import ImportStopped, TargetUnusable
from surestock.cli.counting.over_http import HttpRecorder
from surestock.inventory.commands import CountStock
from tests.cli.command import surestock
from tests.cli.till import Till, results, serving

ROWS = [
    (2, CountStock("s1", "apple", 5, reason="why")),
    (3, CountStock("s1", "bread", 0)),
    (7, CountStock("s2", "apple", 9)),
]


@contextmanager
def _recorder(
    *answers: tuple[int, dict[str, str], bytes] | None,
) -> Iterator[tuple[HttpRecorder, Till, list[float]]]:
    slept: list[float] = []
    with serving(Till(list(answers))) as till:
        recorder = HttpRecorder(till.url, "d1", slept.append)
        yield recorder, till, slept
        recorder.close()


def test_rows_travel_under_keys_made_of_the_file_and_the_line() -> None:
    with _recorder(results(201, 200, 409)) as (recorder, till, slept):
        assert recorder.record(ROWS) == [None, None, "row said 409"]
    [sent] = till.asked
    first, second, third = sent["operations"]
    assert first == {
        "op": "count",
        "storeId": "s1",
        "sku": "apple",
        "onHand": 5,
        "reason": "why",
        "idempotencyKey": "import:d1:2",
    }
    assert "reason" not in second
    assert third["idempotencyKey"] == "import:d1:7"
    assert slept == []


def test_a_busy_server_is_asked_again_after_the_time_it_names() -> None:
    busy = (503, {"Retry-After": "7"}, b'{"message":"too many commands wait"}')
    with _recorder(busy, results(200, 200, 200)) as (recorder, till, slept):
        assert recorder.record(ROWS) == [None, None, None]
    assert till.asked[0] == till.asked[1]
    assert slept == [7.0]


def test_only_the_rows_that_may_still_pass_are_sent_again() -> None:
    with _recorder(results(200, 503, 409), results(429), results(201)) as (recorder, till, slept):
        assert recorder.record(ROWS) == [None, None, "row said 409"]
    again = [[row["idempotencyKey"] for row in sent["operations"]] for sent in till.asked[1:]]
    assert again == [["import:d1:3"], ["import:d1:3"]]
    assert len(slept) == 2


def test_a_row_whose_lease_is_held_is_sent_again_whatever_status_that_has() -> None:
    held: tuple[int, dict[str, str], bytes] = (
        200,
        {},
        b'{"results":[{"status":423,"error":"LockHeld","message":"busy"}]}',
    )
    with _recorder(held, results(200)) as (recorder, till, _):
        assert recorder.record(ROWS[:1]) == [None]
    assert till.asked[0] == till.asked[1]


def test_a_lost_answer_is_asked_for_again() -> None:
    with _recorder(results(200), None, results(200)) as (recorder, till, _):
        recorder.record(ROWS[:1])
        assert recorder.record(ROWS[1:2]) == [None]
    assert till.asked[1] == till.asked[2]


def test_an_import_stops_when_the_server_is_gone_for_good() -> None:
    with _recorder(results(200)) as (recorder, _, slept):
        recorder.record(ROWS[:1])
        recorder.close()
    with pytest.raises(ImportStopped, match="took no more rows"):
        recorder.record(ROWS[1:])
    assert len(slept) == 8
    assert max(slept) <= 2.0


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((404, {}, b'{"message":"There is nothing at this path."}'), "nothing at this path"),
        ((404, {}, b"<html>"), "HTTP status 404"),
    ],
)
def test_a_server_that_refuses_at_once_is_not_what_was_meant(
    answer: tuple[int, dict[str, str], bytes], said: str
) -> None:
    with _recorder(answer) as (recorder, _, _slept), pytest.raises(TargetUnusable, match=said):
        recorder.record(ROWS)


@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"results":[{"status":200}]}'])
def test_an_answer_that_does_not_cover_the_rows_stops_the_import(content: bytes) -> None:
    with _recorder((200, {}, content)) as (recorder, _, _slept), pytest.raises(ImportStopped):
        recorder.record(ROWS)


@pytest.mark.parametrize(
    "url",
    ["ftp://x", "localhost:3000", "http://", "http://[::1", "http://x:99999", "http://x/?a=b", ""],
)
def test_a_url_that_names_no_server_is_refused_in_one_sentence(tmp_path: Path, url: str) -> None:
    file = tmp_path / "a.csv"
    file.write_text("storeId,sku,onHand\ns1,apple,5\n")
    result = surestock("import", file, "--url", url)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1


def test_where_nobody_listens_nothing_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("storeId,sku,onHand\ns1,apple,5\n")
    with serving(Till([])) as till:
        pass
    result = surestock("import", file, "--url", till.url)
    assert result.exit_code == 2
    assert f"No server answers at {till.url}" in result.stderr


def test_an_import_that_is_stopped_says_how_far_it_came(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("storeId,sku,onHand\n" + "".join(f"s1,a{row},5\n" for row in range(1001)))
    answers = [results(*[201] * 1000), (400, {}, b'{"message":"no more"}')]
    with serving(Till(list(answers))) as till:
        result = surestock("import", file, "--url", till.url)
    assert result.exit_code == 1
    assert "stopped after 1,000 counts recorded, 0 rows failed" in result.stderr
    assert "Run the same command again to go on." in result.stderr
