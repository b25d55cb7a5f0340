"""The page on observability tells of every metric, log member and alert, and of no other."""

import inspect
import re

import msgspec
from prometheus_client.parser import text_string_to_metric_families

from surestock.kit.clock import ManualClock
from surestock.telemetry.request_line import RequestLine
from tests.deploy.files import alerts
from tests.docs.named import code_in, rows_of
from tests.tidy.repository import ROOT

PAGE = (ROOT / "docs/observability.md").read_text(encoding="utf-8")


def named(column: str) -> list[str]:
    """Return what the rows of the table with this column are called."""
    found = [code_in(row.cells[column])[0] for row in rows_of(PAGE) if column in row.cells]
    assert found, f"there is no table of {column}"
    return found


def test_every_family_is_in_the_table_once_with_its_kind(metrics_text: str) -> None:
    shown = {
        f"{family.name}_total" if family.type == "counter" else family.name: family.type
        for family in text_string_to_metric_families(metrics_text)
        if family.name.startswith("surestock_")
    }
    told = {
        code_in(row.cells["metric"])[0]: row.cells["kind"]
        for row in rows_of(PAGE)
        if "metric" in row.cells
    }
    assert len(named("metric")) == len(told)
    assert told == shown


def test_every_label_is_in_the_table(known: dict[str, set[str]]) -> None:
    for row in rows_of(PAGE):
        if "metric" not in row.cells:
            continue
        name = code_in(row.cells["metric"])[0]
        sample = f"{name}_bucket" if row.cells["kind"] == "histogram" else name
        told = set(re.findall(r"\w+", row.cells["labels"]))
        assert told == known[sample] - {"le"}, name


def test_every_member_of_a_request_line_is_in_the_table() -> None:
    lines: list[bytes] = []
    line = RequestLine(lines.append, ManualClock(), wanted=True)
    given = len(inspect.signature(line.write).parameters)
    line.write("GET", "/health", 200, 0.001, "id", "trace", "tills", "NotFound")
    written = msgspec.json.decode(lines[0])
    assert len(written) == given + len({"event", "level", "ts"})
    assert named("member") == list(written)


def test_every_alert_is_in_the_table_with_its_severity() -> None:
    told = [
        (code_in(row.cells["alert"])[0], row.cells["severity"])
        for row in rows_of(PAGE)
        if "alert" in row.cells
    ]
    assert told == [(rule["alert"], rule["labels"]["severity"]) for rule in alerts()]
