"""The product passes failpoints and cannot arm one: no setting, header or route leads there."""

import ast
from collections.abc import Iterator

import pytest

from surestock.kit.failpoints import NAMES
from tests.tidy.repository import python_files

HOME = "src/surestock/kit/failpoints.py"
MAY = {"hit", "cut"}
PASSING = {*MAY, "write_whole"}


def imports_more(path: str, text: str) -> Iterator[str]:
    """Complain about whatever of the failpoints is imported, but for passing them."""
    for node in ast.walk(ast.parse(text)):
        wrong: list[str] = []
        if isinstance(node, ast.ImportFrom):
            wrong = _taken(node)
        elif isinstance(node, ast.Import):
            wrong = [it.name for it in node.names if it.name.startswith("surestock.kit")]
        elif isinstance(node, ast.Constant) and "kit.failpoints" in str(node.value):
            wrong = ["the module, by a string"]
        yield from (f"{path}: imports {it}" for it in wrong)


def _taken(node: ast.ImportFrom) -> list[str]:
    if node.module == "surestock.kit.failpoints":
        return [it.name for it in node.names if it.name not in MAY or it.asname]
    whole = {"surestock": {"kit", "*"}, "surestock.kit": {"failpoints", "*"}}
    return [it.name for it in node.names if it.name in whole.get(node.module or "", set())]


def names_passed(text: str) -> Iterator[str]:
    """Yield the name of each failpoint that is passed, by hit, cut or what passes it on."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        if node.func.id in PASSING and node.args:
            first = node.args[0]
            if isinstance(first, ast.Constant):
                yield str(first.value)
            elif not (isinstance(first, ast.Name) and first.id == "name"):
                yield ast.unparse(first)


def source() -> list[tuple[str, str]]:
    found = [it for it in python_files() if it[0].startswith("src/") and it[0] != HOME]
    assert len(found) > 100, "the rule looked at nothing"
    return found


def test_the_product_never_arms_one() -> None:
    assert [it for path, text in source() for it in imports_more(path, text)] == []


def test_every_failpoint_is_passed_somewhere_and_each_that_is_passed_is_known() -> None:
    assert {name for _, text in source() for name in names_passed(text)} == NAMES


@pytest.mark.parametrize(
    "sample",
    [
        "from surestock.kit.failpoints import arm",
        "from surestock.kit.failpoints import hit as pass_, disarm_all",
        "from surestock.kit.failpoints import _armed",
        "from surestock.kit.failpoints import hit as passes",
        "from surestock.kit import failpoints",
        "import surestock.kit.failpoints",
        "import surestock.kit.failpoints as points",
        "import surestock.kit",
        "from surestock import kit",
        "from surestock.kit import *",
        "import_module('surestock.kit.failpoints')",
    ],
)
def test_the_rule_bites(sample: str) -> None:
    assert list(imports_more("sample.py", sample))


def test_the_rule_lets_the_product_pass_them() -> None:
    assert not list(imports_more("sample.py", "from surestock.kit.failpoints import cut, hit"))


def test_a_name_that_is_not_written_out_is_seen() -> None:
    assert list(names_passed("hit(prefix + '.write')")) == ["prefix + '.write'"]
