"""The files that a deployment takes over, read."""

from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

from tests.tidy.repository import ROOT

DEPLOY = ROOT / "deploy"


def text(name: str) -> str:
    """Return a file of the folder."""
    return (DEPLOY / name).read_text(encoding="utf-8")


def alerts() -> list[dict[str, Any]]:
    """Return every alert."""
    groups = yaml.safe_load(text("prometheus/alerts.yml"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> dict[str, Any]:
    """Return the dashboard."""
    read: dict[str, Any] = msgspec.json.decode(text("grafana/surestock.json"))
    return read


def expressions() -> Iterator[tuple[str, str, str]]:
    """Yield (where, expression, text that shows its labels) of both."""
    for rule in alerts():
        yield rule["alert"], rule["expr"], " ".join(rule["annotations"].values())
    shown = dashboard()
    for panel in shown["panels"]:
        for target in panel.get("targets", ()):
            yield panel["title"], target["expr"], target["legendFormat"]
    for note in shown["annotations"]["list"]:
        yield note["name"], note["expr"], note["titleFormat"]
