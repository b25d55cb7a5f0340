"""A plan fails as its seed says, again and again, and only at failpoints that there are."""

import errno

import pytest

from surestock.kit import failpoints
from tests.faults.plan import Fault, Plan, no_room

WRITE = "journal.write"


def passages(plan: Plan, times: int = 300) -> list[str]:
    """Pass a point so many times; return what happened each time."""
    outcomes = []
    with plan.armed():
        for _ in range(times):
            try:
                failpoints.hit(WRITE)
                outcomes.append(str(len(failpoints.cut(WRITE, b"x" * 100))))
            except OSError as error:
                outcomes.append(errno.errorcode[error.errno or 0])
    return outcomes


def plan(seed: int, *others: Fault) -> Plan:
    return Plan(seed, (Fault(WRITE, "error", 0.2, errno.EIO), Fault(WRITE, "short", 0.3), *others))


def test_the_same_seed_fails_in_the_same_way_whatever_else_fails() -> None:
    first, again = plan(7), plan(7, Fault("journal.fdatasync", "error", 0.5))
    assert passages(first) == passages(again)
    assert first.happened == again.happened
    assert passages(plan(7)) != passages(plan(8))


def test_each_kind_is_as_likely_as_it_says() -> None:
    made = plan(3, Fault(WRITE, "delay", 0.1, seconds=0.0))
    outcomes = passages(made, 2000)
    assert 300 < outcomes.count("EIO") == made.happened[WRITE, "error"] < 500
    shorts = [it for it in outcomes if it not in {"EIO", "100"}]
    assert 380 < len(shorts) == made.happened[WRITE, "short"] < 580
    assert {"0", "99"} <= set(shorts)
    assert 130 < made.happened[WRITE, "delay"] < 270


def test_nothing_fails_before_after_or_once_it_is_over() -> None:
    made = Plan(1, (Fault(WRITE, "error", 1.0),))
    failpoints.hit(WRITE)
    with made.armed():
        with pytest.raises(OSError, match="No space left"):
            failpoints.hit(WRITE)
        made.is_over = True
        failpoints.hit(WRITE)
    made.is_over = False
    failpoints.hit(WRITE)
    with no_room(WRITE), pytest.raises(OSError, match="No space left"):
        failpoints.hit(WRITE)
    failpoints.hit(WRITE)


def test_a_misspelt_point_is_refused_and_nothing_stays_armed() -> None:
    made = Plan(1, (Fault(WRITE, "error", 1.0), Fault("journal.wirte", "error", 1.0)))
    with pytest.raises(ValueError, match=r"no failpoint 'journal\.wirte'"), made.armed():
        pass
    failpoints.hit(WRITE)
