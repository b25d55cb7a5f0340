"""Log entries are lines of JSON, whoever wrote them."""

import logging
from typing import Any

import msgspec
import pytest

from surestock.kit.clock import ManualClock
from surestock.telemetry.log import ForwardingHandler, make_log


def entries(lines: list[bytes]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in lines]


def test_an_entry_has_its_time_level_and_members() -> None:
    lines: list[bytes] = []
    make_log(lines.append, ManualClock(), "info").info("recovered", sequence=3)
    assert entries(lines) == [
        {"event": "recovered", "sequence": 3, "level": "info", "ts": "2026-01-01T00:00:00Z"}
    ]


@pytest.mark.parametrize(("level", "kept"), [("debug", 3), ("info", 2), ("warning", 1)])
def test_entries_below_the_level_are_left_out(level: str, kept: int) -> None:
    lines: list[bytes] = []
    log = make_log(lines.append, ManualClock(), level)
    log.debug("one")
    log.info("two")
    log.warning("three")
    assert len(lines) == kept


def test_a_traceback_is_one_member_of_one_line() -> None:
    lines: list[bytes] = []
    try:
        int("broken")
    except ValueError as error:
        make_log(lines.append, ManualClock(), "info").error("failed", exc_info=error)
    assert b"\n" not in lines[0]
    assert "ValueError: invalid literal" in entries(lines)[0]["exception"]


def test_what_libraries_log_comes_out_the_same_way() -> None:
    lines: list[bytes] = []
    logger = logging.getLogger("a.library")
    handler = ForwardingHandler(make_log(lines.append, ManualClock(), "info"))
    logger.addHandler(handler)
    try:
        logger.warning("%s of %s", 1, 2)
        logger.info("too quiet")
    finally:
        logger.removeHandler(handler)
    assert [(entry["event"], entry["logger"], entry["level"]) for entry in entries(lines)] == [
        ("1 of 2", "a.library", "warning")
    ]
