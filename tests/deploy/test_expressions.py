"""Every expression of the alerts and of the dashboard asks for what the service really shows."""

import re

import pytest

from tests.deploy.files import alerts, dashboard, expressions
from tests.deploy.promql import complaints


@pytest.mark.parametrize(
    ("where", "expression", "legend"), [pytest.param(*it, id=it[0]) for it in expressions()]
)
def test_an_expression_asks_for_what_there_is(
    known: dict[str, set[str]], where: str, expression: str, legend: str
) -> None:
    assert list(complaints(expression, known, legend)) == [], where


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("surestock_made_up_total", "nobody shows surestock_made_up_total"),
        ("rate(surestock_shed_total[5m]", "does not parse"),
        ("rate(surestock_shed_total)", "does not parse"),
        ('surestock_shed_total{sku="apple"}', "has no label sku"),
        ("sum by (sku) (surestock_shed_total)", "the label sku"),
        ("surestock_ready and on (sku) surestock_ready", "the label sku"),
        ("rate(surestock_queue_depth[5m])", "which is no counter"),
        (
            "histogram_quantile(0.9, rate(surestock_commit_duration_seconds_bucket[5m]))",
            "without le",
        ),
        ("histogram_quantile(0.9, sum by (le) (surestock_queue_depth))", "no histogram"),
        ("surestock_commit_duration_seconds", "nobody shows"),
    ],
)
def test_an_expression_that_asks_for_something_else_is_caught(
    known: dict[str, set[str]], expression: str, complaint: str
) -> None:
    assert any(complaint in found for found in complaints(expression, known))


@pytest.mark.parametrize("legend", ["{{reason}}", "{{ $labels.worth }}"])
def test_a_text_that_shows_a_label_that_was_summed_away_is_caught(
    known: dict[str, set[str]], legend: str
) -> None:
    text = "sum by (instance) (rate(surestock_shed_total[5m])) > 0"
    assert list(complaints(text, known, "{{instance}}")) == []
    assert list(complaints(text, known, legend))


def test_everything_that_the_service_shows_is_on_the_dashboard(
    known: dict[str, set[str]],
) -> None:
    asked = " ".join(text for _, text, _ in expressions())
    families = {
        re.sub(r"_(bucket|sum|count)$", "", name) for name in known if name.startswith("surestock_")
    }
    assert len(families) > 20
    assert {name for name in families if name not in asked} == set()


def test_every_alert_says_how_bad_it_is_what_it_is_and_what_to_do() -> None:
    rules = alerts()
    names = [rule["alert"] for rule in rules]
    assert len(names) == len(set(names)) > 15
    for rule in rules:
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]
        for text in (rule["annotations"]["summary"], rule["annotations"]["runbook"]):
            assert text.endswith("."), rule["alert"]
            assert len(text.split()) > 3, rule["alert"]
        assert rule.get("for", "0s").endswith(("s", "m", "h")), rule["alert"]


def test_an_alert_that_needs_more_than_the_service_says_so() -> None:
    marked = {rule["alert"] for rule in alerts() if rule["labels"].get("needs") == "node_exporter"}
    using = {rule["alert"] for rule in alerts() if "node_" in rule["expr"]}
    assert marked == using != set()


def test_panels_have_their_own_places_and_tell_what_they_show() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert at["x"] + at["w"] <= 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells
        if panel["type"] != "row":
            assert panel["description"].endswith("."), panel["title"]
            assert panel["targets"], panel["title"]


def test_the_dashboard_asks_the_source_that_its_reader_chose() -> None:
    shown = dashboard()
    variables = {it["name"]: it["type"] for it in shown["templating"]["list"]}
    assert variables["datasource"] == "datasource"
    for panel in shown["panels"]:
        for asks in (panel, *panel.get("targets", ())):
            if panel["type"] != "row":
                assert asks["datasource"]["uid"] == "${datasource}", panel["title"]
        for target in panel.get("targets", ()):
            used = set(re.findall(r"\$(\w+)", target["expr"])) - {"__rate_interval"}
            assert used <= set(variables), panel["title"]
