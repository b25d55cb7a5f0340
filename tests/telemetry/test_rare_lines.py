"""A library that repeats itself is heard once a minute, and how often it spoke is told."""

import logging
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from surestock.kit.clock import ManualClock
from surestock.telemetry.log import make_log
from surestock.telemetry.rare_lines import RareLines


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def lines() -> list[bytes]:
    return []


@pytest.fixture
def logger(clock: ManualClock, lines: list[bytes]) -> Iterator[logging.Logger]:
    found = logging.getLogger("a.library.that.repeats.itself")
    handler = RareLines(make_log(lines.append, clock, "info"), clock.monotonic)
    found.addHandler(handler)
    found.propagate = False
    yield found
    found.removeHandler(handler)
    found.propagate = True


def told(lines: list[bytes]) -> list[dict[str, Any]]:
    entries = [msgspec.json.decode(line) for line in lines]
    return [{name: entry[name] for name in ("event", "leftOut")} for entry in entries]


def test_one_line_a_minute_is_let_through(
    logger: logging.Logger, clock: ManualClock, lines: list[bytes]
) -> None:
    for number in range(1000):
        logger.error("failure %d", number)
    clock.advance(59.9)
    logger.error("failure 1000")
    clock.advance(0.1)
    logger.error("failure 1001")
    assert told(lines) == [
        {"event": "failure 0", "leftOut": 0},
        {"event": "failure 1001", "leftOut": 1000},
    ]


def test_what_is_not_a_warning_is_not_told(logger: logging.Logger, lines: list[bytes]) -> None:
    logger.info("all is well")
    assert lines == []
