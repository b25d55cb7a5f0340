"""docs/commerce.md is true: its provider conforms, its tables are the code's, its states exist."""

import json
import re
import sys
from collections.abc import Awaitable, Callable, Iterator
from importlib.metadata import EntryPoint, EntryPoints
from types import ModuleType, UnionType
from typing import Any, Final, get_args

import msgspec
import pytest
from msgspec import Struct, structs

from surestock.api.problems import CHECKOUT_FAILURES, KINDS
from surestock.cart import events
from surestock.cart.model import CheckoutStatus
from surestock.checkout.config import CheckoutConfig
from surestock.commerce import registry
from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import NotApplicable
from surestock.commerce.guard import Guard
from surestock.commerce.guard_config import GuardConfig
from surestock.commerce.observer import VERBS
from surestock.commerce.platform import Platform
from surestock.kit.clock import SystemClock
from surestock.mirror.config import MirrorConfig
from tests.deploy.files import alerts
from tests.docs.blocks import blocks_of
from tests.docs.corner import CornerLab, corner_lab
from tests.docs.named import code_in, rows_of
from tests.tidy.repository import ROOT

PAGE: Final = ROOT / "docs" / "commerce.md"
TEXT: Final = PAGE.read_text(encoding="utf-8")
BLOCKS: Final = blocks_of(PAGE)
NUMBERS: Final[dict[str, type[Struct]]] = {
    "guard": GuardConfig,
    "mirror": MirrorConfig,
    "checkout": CheckoutConfig,
}
NEEDED: Final = "needed"


def _blocks(language: str) -> Iterator[str]:
    return (block.content for block in BLOCKS if block.language == language)


def _module(name: str, code: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    module = ModuleType(name)
    monkeypatch.setitem(sys.modules, name, module)
    exec(compile(code, str(PAGE), "exec"), vars(module))  # noqa: S102 - it is ours
    return module


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """The platform of the example, found as an installed package's is."""
    _module("corner_shop", next(_blocks("python")), monkeypatch)
    found = re.findall(r'^(\w+) = "(.+)"$', next(_blocks("toml")), re.MULTILINE)
    entries = EntryPoints(EntryPoint(name, value, registry.GROUP) for name, value in found)
    monkeypatch.setattr(registry, "entry_points", entries.select)
    return registry.find("corner")


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: str(check.__name__))
async def test_the_provider_of_the_page_conforms_as_the_page_says(
    check: Check, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, suite = _blocks("python")
    shown: Callable[[Check, CornerLab], Awaitable[None]]
    shown = _module("corner_suite", suite, monkeypatch).test_the_platform_conforms
    async with corner_lab(platform) as lab:
        if check.__name__ == "too_few_in_stock_is_told":
            with pytest.raises(NotApplicable):
                await check(lab)
        else:
            await shown(check, lab)


async def test_the_provider_of_the_page_conforms_behind_the_guard(platform: Platform) -> None:
    async with corner_lab(platform) as lab:
        provider = lab.provider
        lab.provider = Guard(provider, GuardConfig(), SystemClock())
        for check in CHECKS:
            if check.__name__ != "too_few_in_stock_is_told":
                await check(lab)


def test_the_suite_is_as_long_as_the_page_says() -> None:
    assert len(CHECKS) == 20
    assert "has twenty checks" in TEXT
    named = set(re.findall(r"`(an?_\w+)`", TEXT))
    assert named
    assert named <= {check.__name__ for check in CHECKS}


def _table(heading: str) -> dict[str, str]:
    """Return member and default of the table below a heading."""
    section = re.split(r"^#{1,4} .*$", TEXT.partition(f"# {heading}\n")[2], flags=re.MULTILINE)[0]
    return {
        code_in(row.cells["member"])[0]: row.cells["default"]
        for row in rows_of(section)
        if "member" in row.cells
    }


def _shown(field: structs.FieldInfo) -> str:
    if field.required:
        return NEEDED
    default = field.default
    if default is msgspec.NODEFAULT:
        default = field.default_factory()
    return "" if default is None else json.dumps(msgspec.to_builtins(default), ensure_ascii=False)


def _parts(kind: Any) -> Iterator[type[Struct]]:
    """Yield the struct that a member holds, if it holds one."""
    options = get_args(kind) if isinstance(kind, UnionType) else (kind,)
    yield from (it for it in options if isinstance(it, type) and issubclass(it, Struct))


def _check_table(heading: str, form: type[Struct]) -> None:
    fields = structs.fields(form)
    assert _table(f"`{heading}`") == {it.encode_name: _shown(it) for it in fields}, heading
    for field in fields:
        for part in _parts(field.type):
            _check_table(field.encode_name, part)


@pytest.mark.parametrize("name", registry.names())
def test_every_member_of_a_platforms_settings_is_in_its_table(name: str) -> None:
    _check_table(name, registry.find(name).config)


@pytest.mark.parametrize("heading", NUMBERS)
def test_every_number_is_the_one_in_the_code(heading: str) -> None:
    told = {
        code_in(row.cells[heading])[0]: row.cells["value"]
        for row in rows_of(TEXT)
        if heading in row.cells and "value" in row.cells
    }
    fields = structs.fields(NUMBERS[heading])
    told_of = (it for it in fields if not list(_parts(it.type)) and it.type is not str)
    assert told == {it.name: _shown(it) for it in told_of}


def test_the_states_and_the_records_between_them_exist() -> None:
    [drawn] = [block for block in _blocks("mermaid") if block.startswith("stateDiagram")]
    arrows = re.findall(r"^ +(\S+) --> ([^:\s]+)(?:: (\w+))?", drawn, re.MULTILINE)
    states = {"pending", *get_args(CheckoutStatus)}
    assert {it for begin, end, _ in arrows for it in (begin, end)} - {"[*]"} == states
    assert [name for *_, name in arrows if name and not hasattr(events, name)] == []
    told = [code_in(row.cells["state"])[0] for row in rows_of(TEXT) if "state" in row.cells]
    assert set(told) == states


def test_every_sequence_names_who_takes_part_in_it() -> None:
    drawings = [block for block in _blocks("mermaid") if block.startswith("sequenceDiagram")]
    assert len(drawings) == 6
    for drawing in drawings:
        there = set(re.findall(r"participant (\w)", drawing))
        arrows = re.findall(r"^ +(\w)(?:-|--)(?:>>|x|\))(\w): .+$", drawing, re.MULTILINE)
        notes = re.findall(r"^ +Note over (\w)(?:,(\w))?: ", drawing, re.MULTILINE)
        assert {it for pair in (*arrows, *notes) for it in pair if it} == there
        assert len(drawing.splitlines()) == 1 + len(there) + len(arrows) + len(notes)


def test_every_way_for_a_checkout_to_fail_is_told_with_its_status() -> None:
    rows = [row.cells for row in rows_of(TEXT) if "`error`" in row.cells]
    told = {(int(row["status"]), *code_in(row["`error`"])) for row in rows if row["`error`"]}
    known = {(kind.status, kind.code) for kind in (*KINDS.values(), *CHECKOUT_FAILURES.values())}
    assert told <= known
    assert {(kind.status, kind.code) for kind in CHECKOUT_FAILURES.values()} <= told


def test_the_verbs_are_those_of_the_port() -> None:
    told = [code_in(row.cells["verb"])[0] for row in rows_of(TEXT) if "verb" in row.cells]
    assert told == list(VERBS)


def test_the_alerts_and_the_links_that_it_names_exist() -> None:
    named = set(re.findall(r"`(Surestock[A-Z]\w+)`", TEXT))
    assert named
    assert named <= {rule["alert"] for rule in alerts()}
    links = re.findall(r"\]\(([^)#:]+)\)", TEXT)
    assert links
    assert [link for link in links if not (PAGE.parent / link).exists()] == []
