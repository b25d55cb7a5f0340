"""The house is tidy: the rules that no linter has hold for every file of the project.

A rule that nothing can break proves nothing: tests/tidy/test_teeth.py feeds each a bad sample.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from configparser import ConfigParser

import pytest

from tests.tidy import code, decisions, locks, platforms, words
from tests.tidy.repository import ROOT, python_files, text_files

Rule = Callable[[str, str], Iterator[str]]
CODE_RULES: tuple[Rule, ...] = (
    code.long_file,
    code.long_function,
    code.missing_docstring,
    code.vague_name,
    code.unfinished,
)
LOCK_FILES = ("run", "otel", "dev", "bench", "demo")


def complaints(rule: Rule, files: Iterable[tuple[str, str]]) -> list[str]:
    return [complaint for path, text in files for complaint in rule(path, text)]


@pytest.mark.parametrize("rule", CODE_RULES, ids=lambda rule: rule.__name__)
def test_every_python_file_keeps_the_rule(rule: Rule) -> None:
    assert complaints(rule, python_files()) == []


def test_source_files_over_the_aim_stay_the_exception() -> None:
    source = [(path, text) for path, text in python_files() if path.startswith("src/")]
    assert source, "the rules looked at nothing"
    assert list(code.many_long_files(source)) == []


def test_every_source_folder_is_a_package() -> None:
    paths = [path for path, _ in python_files() if path.startswith("src/surestock/")]
    assert list(code.folder_without_package(paths)) == []


def test_no_file_names_a_registry_a_machine_or_work_for_later() -> None:
    assert complaints(words.unwanted_words, text_files()) == []


def test_the_product_names_no_commerce_platform() -> None:
    files = list(text_files())
    names = platforms.platform_names(path for path, _ in files)
    assert len(names) >= 4, "the rule looked at nothing"
    assert complaints(lambda path, text: platforms.platform_named(path, text, names), files) == []


def test_decision_records_are_numbered_and_answer_their_four_questions() -> None:
    records = [(path, text) for path, text in text_files() if path.startswith("docs/adr/")]
    assert records, "there is no decision record"
    assert list(decisions.bad_numbering(path for path, _ in records)) == []
    assert complaints(decisions.missing_heading, records) == []


@pytest.mark.parametrize("name", LOCK_FILES)
def test_a_lock_file_holds_pins_with_hashes_and_nothing_else(name: str) -> None:
    path = f"requirements/{name}.txt"
    text = (ROOT / path).read_text(encoding="utf-8")
    assert locks.pins(text), "the rule looked at nothing"
    assert list(locks.loose_line(path, text)) == []


def test_what_the_checks_run_with_is_what_the_service_runs_with() -> None:
    run, otel, dev = (
        locks.pins((ROOT / f"requirements/{name}.txt").read_text(encoding="utf-8"))
        for name in ("run", "otel", "dev")
    )
    assert run <= otel <= dev


def test_the_package_asks_for_what_its_lock_file_was_made_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = locks.named("\n".join(project["dependencies"]))
    source = locks.named((ROOT / "requirements/run.in").read_text(encoding="utf-8"))
    assert asked == source - {"flit-core"}
    extra = locks.named("\n".join(project["optional-dependencies"]["otel"]))
    source = locks.named((ROOT / "requirements/otel.in").read_text(encoding="utf-8"))
    assert extra == source


def test_every_lint_rule_that_is_left_out_has_its_reason_beside_it() -> None:
    lines = (ROOT / ".ruff.toml").read_text(encoding="utf-8").splitlines()
    left_out = [line for line in lines if line.startswith(('    "', '"src/'))]
    assert left_out, "the rule looked at nothing"
    assert [line for line in left_out if not re.search(r"# \S", line)] == []


def test_the_architecture_document_and_the_import_contracts_name_the_same_layers() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter", encoding="utf-8")
    layers = re.findall(r"\w+", contracts["importlinter:contract:layers"]["layers"])
    assert layers, "the rule looked at nothing"
    document = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    assert [layer for layer in layers if not re.search(rf"\b{layer}\b", document)] == []
