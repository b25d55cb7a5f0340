"""docs/access.md is true: its commands are run, its table is what the routes ask for."""

from pathlib import Path
from typing import Any

import pytest

from surestock.access.names import RESERVED
from surestock.access.scope import Scope
from surestock.api.access import SCHEME
from surestock.api.routes import all_routes
from tests.docs.blocks import blocks_of, examples_of
from tests.docs.named import code_in, rows_of
from tests.docs.rehearsal import rehearse
from tests.tidy.repository import ROOT

DOCUMENT = ROOT / "docs" / "access.md"
TEXT = DOCUMENT.read_text(encoding="utf-8")


def scope_of(route: Any) -> str | None:
    """Return the scope that a route declares; None when it is public."""
    security = (route.openapi_extra or {}).get("security")
    return None if security is None else str(security[0][SCHEME][0])


@pytest.mark.timeout(600)  # it runs services and a dozen commands
def test_every_command_answers_what_the_document_shows(tmp_path: Path) -> None:
    rehearsal = rehearse(list(examples_of(blocks_of(DOCUMENT))), tmp_path)
    assert rehearsal.examples > 5, "hardly anything was run"
    assert rehearsal.differences == []


def test_the_scopes_are_listed_with_every_request_they_are_for() -> None:
    rows = [row.cells for row in rows_of(TEXT) if "scope" in row.cells]
    listed = {code_in(row["scope"])[0]: sorted(code_in(row["what it is for"])) for row in rows}
    asked: dict[str, list[str]] = {scope.value: [] for scope in Scope}
    for route in all_routes():
        scope = scope_of(route)
        if scope is not None:
            asked[scope].append(f"{route.method} {route.path}")
    assert listed == {scope: sorted(requests) for scope, requests in asked.items()}


def test_what_is_public_is_listed() -> None:
    sentence = TEXT.partition("needs a key but what is public:")[2].partition(".\n")[0]
    public = {route.path for route in all_routes() if scope_of(route) is None}
    assert set(code_in(sentence)) == public


def test_the_names_that_are_taken_are_listed() -> None:
    sentence = TEXT.partition("letter or digit; ")[2].partition("are taken")[0]
    assert set(code_in(sentence)) == RESERVED
