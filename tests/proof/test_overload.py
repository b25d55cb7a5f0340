"""Ten times the clients that a server can serve: they are refused in order, and slow nothing down.

Capacity and overload are measured by turns on one server. What is compared is always two phases of
one run; milliseconds are only told.
"""

import asyncio
from pathlib import Path

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.overload import staged
from tests.proof.overload_measures import (
    Rounds,
    alternate,
    require_counted,
    require_honest,
    saturating,
)
from tests.proof.overload_terms import Group

_SLOTS, _QUEUE = 64, 128
_PLACES = _SLOTS + _QUEUE
_NARROW = {"CONCURRENCY_API": str(_SLOTS), "LOAD_SHED_QUEUE_MAX": str(_QUEUE)}
_NARROWEST = {"CONCURRENCY_API": "4", "LOAD_SHED_QUEUE_MAX": "20"}
_MIXED = [Group("reserve", 80), Group("adjust", 40), Group("commit", 40)]
_PROMISE = "18 overload"
_TRIES = 6


def test_a_crowd_is_served_or_refused_properly_and_nothing_is_lost(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, _NARROWEST, skus=20)
    phase = stage.run("crowd", _MIXED, 2)
    verdict = asyncio.run(stage.judge())
    figures.add(_PROMISE, "160 greedy clients, 4 places", f"{phase.refused:,} refused; {verdict}")
    require_honest(phase)
    # Of all of the run: a machine may stand still for as long as it is measured.
    assert phase.report.turned_away
    assert phase.report.acknowledged
    require_counted(stage, stage.phases)
    verdict.require_clean()


def test_a_queue_without_end_is_noticed(make_server: Fleet, tmp_path: Path) -> None:
    stage = staged(make_server, tmp_path, _NARROWEST, tooth="unbounded-queue", skus=20)
    told = ""
    for _ in range(_TRIES):  # where all stood still, next to nothing was answered: nobody was seen
        measured = alternate(stage, 4, 160, places=24, rounds=1, seconds=1)
        with pytest.raises(AssertionError, match="nobody was refused"):
            measured.require_shed()
        try:
            measured.require_bounded()
        except AssertionError as unbounded:
            told = str(unbounded)
        if "were inside of 24" in told:
            break
    assert "were inside of 24" in told


@pytest.mark.prove
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("role", "rounds"), [("api", 6), ("all", 3)])
def test_a_greedy_crowd_of_ten_times_the_capacity_slows_nothing_down(
    make_server: Fleet, tmp_path: Path, figures: Figures, role: str, rounds: int
) -> None:
    stage = staged(make_server, tmp_path, _NARROW, role=role)
    clients = saturating(stage, (32, 64, 128), 4)
    measured = alternate(stage, clients, 10 * clients, places=_PLACES, rounds=rounds, seconds=10)
    require_counted(stage, stage.phases)
    measured.idle = stage.restart()
    verdict = asyncio.run(stage.judge())
    attack = f"role {role}: {clients} clients saturate, {10 * clients} greedy, {rounds} × 10 s"
    figures.add(_PROMISE, attack, f"{measured}; {verdict}")
    for phase in stage.phases:
        require_honest(phase)
    measured.require_shed()
    measured.require_bounded()
    verdict.require_clean()
    measured.require_as_fast()


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_a_polite_crowd_waits_as_it_is_told_and_wastes_nothing(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, _NARROW)
    measured = alternate(stage, 64, 640, places=_PLACES, rounds=5, seconds=6, polite=True)
    measured.idle = stage.restart()
    verdict = asyncio.run(stage.judge())
    figures.add(_PROMISE, "640 polite clients, 64 saturate, 5 × 6 s", f"{measured}; {verdict}")
    for phase in stage.phases:
        require_honest(phase)
    verdict.require_clean()
    measured.require_bounded()
    measured.require_as_fast()


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_with_the_defaults_ten_times_the_clients_wait_and_are_served(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, {})
    measured = alternate(stage, 64, 640, places=640, rounds=3, seconds=10)
    verdict = asyncio.run(stage.judge())
    figures.add(_PROMISE, "defaults: 640 greedy clients, 3 × 10 s", f"{measured}; {verdict}")
    for phase in stage.phases:
        require_honest(phase)
        assert not phase.refused
    verdict.require_clean()
    measured.require_as_fast()


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_refusals_that_are_not_kept_back_eat_the_capacity(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, _NARROW, tooth="no-hold")
    measured: Rounds = alternate(stage, 64, 640, places=_PLACES, rounds=2, seconds=6)
    figures.add(_PROMISE, "the same, with refusals sent at once", str(measured))
    with pytest.raises(AssertionError, match="of the capacity is left"):
        measured.require_as_fast()
