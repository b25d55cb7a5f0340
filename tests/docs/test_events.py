"""docs/events.md: its Python runs, its mapping makes CloudEvents, its table knows every type."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Final, get_args
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import orjson
import pytest
from msgspec.structs import fields

from surestock.api.feed.item import PRIVATE
from surestock.ledger.event import Event
from tests.docs.blocks import blocks_of
from tests.docs.checkout import serving
from tests.docs.named import code_in, rows_of
from tests.tidy.repository import ROOT

PAGE: Final = ROOT / "docs" / "events.md"
SOURCE: Final = "https://stock.example.com"
_LINE: Final = {"storeId": "berlin", "sku": "phone", "qty": 1}
Record = dict[str, Any]

# Whichever test comes first starts a service.
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def code() -> dict[str, Any]:
    """What the Python blocks of the page define, one after the other."""
    names: dict[str, Any] = {}
    for block in blocks_of(PAGE):
        if block.language == "python":
            exec(compile(block.content, f"{PAGE}:{block.line}", "exec"), names)  # noqa: S102 - it is ours
    return names


def _post(url: str, body: object, method: str = "POST") -> Record:
    content = {"Content-Type": "application/json"}
    request = Request(url, orjson.dumps(body), content, method=method)  # noqa: S310 - our server
    with urlopen(request, timeout=60) as answer:  # noqa: S310 - the same
        told: Record = orjson.loads(answer.read())
    return told


def _sell(url: str) -> None:
    """Bring about every type of event that a client can."""
    berlin, paris = f"{url}/stores/berlin/inventory/apple", f"{url}/stores/paris/inventory/apple"
    _post(berlin, {"onHand": 10, "reason": "opening"}, "PUT")
    _post(paris, {"onHand": 5}, "PUT")
    _post(f"{berlin}/adjust", {"delta": -1, "reference": "bin-1"})
    lines = [{"storeId": store, "sku": "apple", "qty": 2} for store in ("berlin", "paris")]
    held = [_post(f"{url}/reservations", {"lines": lines, "ttlSeconds": 60}) for _ in range(2)]
    sold, given_back = (f"{url}/reservations/{it['reservationId']}" for it in held)
    _post(f"{sold}/extend", {"ttlSeconds": 600})
    _post(f"{sold}/commit", {"lines": lines[:1]})
    _post(f"{given_back}/release", {})


@pytest.fixture(scope="module")
def followed(
    code: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[Record], list[Record]]:
    """Return what was followed in one piece, and what in two, with a lost connection between."""
    follow: Callable[[str, int], Iterator[Record]] = code["follow"]
    with serving(tmp_path_factory.mktemp("checkout")) as port:
        url = f"http://127.0.0.1:{port}"
        _sell(url)
        whole = list(islice(follow(url, 0), 8))
        begun = list(islice(follow(url, 0), 3))
        return whole, begun + list(islice(follow(url, begun[-1]["sequence"]), 5))


@pytest.fixture(scope="module")
def records(followed: tuple[list[Record], list[Record]]) -> list[Record]:
    return followed[0]


def test_a_follower_gets_every_record_in_order(records: list[Record]) -> None:
    assert [record["sequence"] for record in records] == [*range(1, 9)]
    assert list(records[0]) == ["sequence", "id", "ts", "actor", "events", "levels"]


def test_a_follower_that_resumes_misses_nothing_and_gets_nothing_twice(
    followed: tuple[list[Record], list[Record]],
) -> None:
    whole, in_two = followed
    assert in_two == whole


def test_the_record_that_is_shown_has_the_shape_of_a_real_one(
    records: list[Record], code: dict[str, Any]
) -> None:
    [block] = [block for block in blocks_of(PAGE) if block.language == "json"]
    shown = orjson.loads(block.content)
    assert list(shown) == list(records[0])
    assert list(shown["levels"][0]) == list(records[0]["levels"][0])
    assert list(code["cloud_events"](shown, SOURCE))


def _cloud_events(records: list[Record], code: dict[str, Any]) -> list[Record]:
    return [made for record in records for made in code["cloud_events"](record, SOURCE)]


def test_every_event_becomes_a_sound_cloud_event(
    records: list[Record], code: dict[str, Any]
) -> None:
    made = _cloud_events(records, code)
    assert len(made) == sum(len(record["events"]) for record in records) == 8
    for event in made:
        assert event["specversion"] == "1.0"
        assert all(re.fullmatch("[a-z0-9]{1,20}", name) for name in event)
        texts = {name: value for name, value in event.items() if name != "data"}
        assert all(isinstance(value, str) and value for value in texts.values())
        assert urlsplit(event["source"]).scheme == "https"
        assert datetime.fromisoformat(event["time"]).utcoffset() is not None
        assert orjson.loads(orjson.dumps(event)) == event


def test_no_two_cloud_events_share_source_and_id(
    records: list[Record], code: dict[str, Any]
) -> None:
    both = {**records[3], "events": [*records[3]["events"], *records[4]["events"]]}
    made = _cloud_events([*records[:3], both, *records[4:]], code)
    assert len({(it["source"], it["id"]) for it in made}) == len(made)


def test_the_sequence_extension_sorts_as_text_in_the_order_of_the_log(
    records: list[Record], code: dict[str, Any]
) -> None:
    later = {**records[0], "sequence": 1_000_000, "events": records[0]["events"] * 12}
    order = [event["sequence"] for event in _cloud_events([*records, later], code)]
    assert order == sorted(set(order))


def test_a_cloud_event_says_what_it_is_about_and_holds_the_levels_it_touched(
    records: list[Record], code: dict[str, Any]
) -> None:
    made = _cloud_events(records, code)
    held = records[3]["events"][0]["reservationId"]
    assert [event["type"] for event in made] == [
        "surestock.StockCounted",
        "surestock.StockCounted",
        "surestock.StockAdjusted",
        "surestock.StockReserved",
        "surestock.StockReserved",
        "surestock.ReservationExtended",
        "surestock.ReservationCommitted",
        "surestock.ReservationReleased",
    ]
    assert made[0]["subject"] == "stores/berlin/inventory/apple"
    assert made[3]["subject"] == made[6]["subject"] == f"reservations/{held}"
    stores = [[level["storeId"] for level in event["data"]["levels"]] for event in made]
    both = ["berlin", "paris"]
    assert stores == [["berlin"], ["paris"], ["berlin"], both, both, [], both, both]
    assert made[2]["data"]["event"] == records[2]["events"][0]


def test_a_cloud_event_says_which_product_or_cart_it_is_about(code: dict[str, Any]) -> None:
    told = [
        {"type": "ProductPut", "sku": "phone"},
        {"type": "ItemRemoved", "userId": "ann", "sku": "phone"},
        {"type": "StockReserved", "reservationId": "r-1", "lines": [_LINE], "heldFor": "ann"},
        {"type": "CheckoutBegun", "userId": "ann", "attemptId": "r-1"},
    ]
    level = {**_LINE, "version": 2}
    record = {"sequence": 1, "id": "r-1", "ts": "t", "actor": "ann", "levels": [level]}
    made = _cloud_events([{**record, "events": told}], code)
    subjects = [event["subject"] for event in made]
    assert subjects == ["catalog/phone", "carts/ann", "reservations/r-1", "carts/ann"]
    assert [event["data"]["levels"] for event in made] == [[], [], [level], []]


def test_the_table_of_types_knows_every_event_and_every_member() -> None:
    listed = {
        code_in(row.cells["type"])[0]: row.cells["members beside `type`"]
        for row in rows_of(PAGE.read_text(encoding="utf-8"))
        if "type" in row.cells
    }
    built = {
        kind.__name__: ", ".join(
            f"`{it.encode_name}`" + ("" if it.required or it.name == "type" else "?")
            for it in fields(kind)
            if it.name not in PRIVATE
        )
        for kind in get_args(Event)
    }
    assert listed == built
