"""What the documents list is what there is: endpoints, settings, make targets, linked pages."""

import re
from pathlib import Path
from typing import Final

import pytest

from surestock.api.routes import all_routes
from surestock.runtime.settings import Settings
from tests.docs.blocks import blocks_of
from tests.docs.named import code_in, rows_of
from tests.tidy.repository import ROOT

README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES: Final = ("README.md", "ARCHITECTURE.md", "run.md", "prompts.md", "CHANGELOG.md")
# Written by a run of the benchmark, which a checkout need not have seen.
MEASURED: Final = "benchmarks/results/"


def test_the_endpoints_in_the_readme_are_those_that_are_served() -> None:
    listed = [code_in(row.cells["request"])[0] for row in rows_of(README) if "request" in row.cells]
    served = [f"{route.method} {route.path}" for route in all_routes()]
    assert sorted(listed) == sorted(served)


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    table = {
        code_in(row.cells["variable"])[0]: row.cells["default"]
        for row in rows_of(README)
        if "variable" in row.cells
    }
    fields = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert table, "the table was not found"
    assert {name: str(fields[name]) for name in table} == table
    refused = README.partition("Settings of what is not built yet")[2].partition("\n")[0]
    assert sorted([*table, *code_in(refused)]) == sorted(fields)


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / page).read_text(encoding="utf-8"))
    inside = [it for it in links if "://" not in it and not it.startswith(MEASURED)]
    assert [link for link in inside if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("page", ["README.md", "run.md"])
def test_every_make_target_that_is_shown_exists(page: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    lines = [
        line
        for block in blocks_of(ROOT / page)
        if block.language == "console"
        for line in block.content.strip().split("\n")
    ]
    assert [line for line in lines if not line.startswith("$ ")] == []
    targets = re.findall(r"\bmake ([a-z-]+)", "\n".join(lines))
    assert targets, "nothing is made"
    assert [it for it in targets if not re.search(rf"^{it}:", makefile, re.MULTILINE)] == []


def test_the_pages_are_all_there() -> None:
    assert [page for page in PAGES if not Path(ROOT / page).is_file()] == []
