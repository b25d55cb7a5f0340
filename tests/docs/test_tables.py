"""What the documents list is what there is: endpoints, settings, commands, folders, pages."""

import re
from pathlib import Path
from typing import Final

import pytest

from surestock.api.problems import KINDS
from surestock.api.routes import all_routes
from surestock.cli.app import app
from surestock.engine.log.config import LogConfig
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.hold import JournalHold
from surestock.journal.writer_lock import WriterLock
from surestock.kit.files import make_directory
from surestock.runtime.data_directory import worker_directory
from surestock.runtime.settings import Settings
from surestock.runtime.sharing import make_user_locks
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


_SHOWN: Final[dict[object, str]] = {True: "on", False: "off", None: ""}


def test_every_setting_is_in_the_readme_with_its_default() -> None:
    table = {
        code_in(row.cells["variable"])[0]: row.cells["default"]
        for row in rows_of(README)
        if "variable" in row.cells
    }
    fields = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert table, "the table was not found"
    shown = {name: _SHOWN.get(fields[name], str(fields[name])) for name in table}
    assert shown == table
    assert sorted(table) == sorted(fields)


def test_every_command_is_in_the_readme() -> None:
    listed = [code_in(row.cells["command"])[0] for row in rows_of(README) if "command" in row.cells]
    commands = {
        str(it.name or it.callback.__name__) for it in app.registered_commands if it.callback
    } | {str(group.name) for group in app.registered_groups}
    assert {name.split()[1] for name in listed} == commands


def test_every_folder_of_the_data_directory_is_in_the_readme() -> None:
    listed = {code_in(row.cells["folder"])[0] for row in rows_of(README) if "folder" in row.cells}
    config = LogConfig(Path("data") / "event-log")
    folders = (config.directory, config.archive, config.index, config.snapshots, config.central)
    made = {f"{path.name}/" for path in (*folders, worker_directory(Path("data")))}
    assert listed == {*made, "locks/"}


def test_every_file_by_which_processes_share_a_log_is_in_the_readme(tmp_path: Path) -> None:
    listed = {
        code_in(row.cells["shared file"])[0]
        for row in rows_of(README)
        if "shared file" in row.cells
    }
    config = LogConfig(tmp_path / "event-log")
    make_directory(config.directory)
    with JournalHold(config.directory, shared=True):
        for held in FrontierPage, WriterLock:
            held(config.directory).close()
        make_user_locks(config).close()
    assert listed == {f"event-log/{path.name}" for path in config.directory.iterdir()}


def test_every_503_has_its_row_in_run_md() -> None:
    explained = {
        code
        for row in rows_of((ROOT / "run.md").read_text(encoding="utf-8"))
        if "`error`" in row.cells
        for code in code_in(row.cells["`error`"])
    }
    assert {kind.code for kind in KINDS.values() if kind.status == 503} - explained == set()


@pytest.mark.parametrize(
    "page",
    [*map(ROOT.joinpath, PAGES), *ROOT.glob("docs/**/*.md"), ROOT / "deploy" / "README.md"],
    ids=lambda it: str(it.relative_to(ROOT)),
)
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    for link in (it for it in links if "://" not in it and not it.startswith(MEASURED)):
        file, _, heading = link.partition("#")
        target = page.parent / file if file else page
        assert target.exists(), link
        headings = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if heading else []
        anchors = {re.sub(r"[^\w -]", "", it.lower()).replace(" ", "-") for it in headings}
        assert not heading or heading in anchors, link


@pytest.mark.parametrize("record", sorted(ROOT.glob("docs/adr/*.md")), ids=lambda it: it.stem)
def test_what_enforces_a_decision_exists(record: Path) -> None:
    enforced_by = record.read_text(encoding="utf-8").partition("## Enforced by")[2]
    named = set(re.findall(r"`((?:tests|benchmarks)/[\w/.-]+)`", enforced_by))
    assert [it for it in sorted(named) if not (ROOT / it).exists()] == []


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
