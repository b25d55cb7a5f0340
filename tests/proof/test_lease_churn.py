"""Leases that are taken, renewed, outstayed and given back never overlap, whoever is killed."""

import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path

import pytest

from surestock.kit.boot import boot_id
from surestock.kit.clock import SystemClock
from surestock.locking.lease import FileLeases
from tests.proof.figures import Figures
from tests.proof.lease_churner import KEYS, TTL_S

_PROCESSES = 4
_TRIES = 10
_KILLS = [6, pytest.param(100, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]


@dataclass
class _Term:
    """One lease, as far as its holder could tell: had from ``first`` to ``last`` for certain."""

    owners: set[str] = field(default_factory=set)
    first: float = float("inf")
    last: float = 0.0


def _terms(directory: Path) -> dict[str, list[tuple[int, _Term]]]:
    """Return the leases on each key, in the order of their tokens."""
    terms: dict[str, dict[int, _Term]] = defaultdict(lambda: defaultdict(_Term))
    for notes in directory.glob("*.notes"):
        for line in notes.read_text().splitlines():
            note = json.loads(line)
            term = terms[note["key"]][note["token"]]
            term.owners.add(notes.stem)
            term.first, term.last = min(term.first, note["had"]), max(term.last, note["had"])
    return {key: sorted(of_key.items()) for key, of_key in terms.items()}


def _overlaps(directory: Path) -> tuple[int, int]:
    """Return how many leases there were, and how many had two holders or began too early."""
    leases = overlaps = 0
    for terms in _terms(directory).values():
        leases += len(terms)
        overlaps += sum(len(term.owners) > 1 for _, term in terms)
        overlaps += sum(one.last > next_one.first for (_, one), (_, next_one) in pairwise(terms))
    return leases, overlaps


def _churn(kind: str, directory: Path, kills: int) -> None:
    """Let some processes churn; now and then one is killed, and another comes in its place."""
    directory.mkdir()
    dice, names = random.Random(kills), count()

    def start() -> subprocess.Popen[bytes]:
        name = str(next(names))
        words = [sys.executable, "-m", "tests.proof.lease_churner", kind, str(directory)]
        process = subprocess.Popen([*words, f"p{name}", name], stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not (directory / f"p{name}.notes").exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        return process

    processes: list[subprocess.Popen[bytes]] = []
    try:
        processes += (start() for _ in range(_PROCESSES))
        for _ in range(kills):
            time.sleep(dice.random() * 0.2)
            victim = dice.randrange(_PROCESSES)
            processes[victim].kill()
            processes[victim].wait()
            processes[victim] = start()
    finally:
        for process in processes:
            process.kill()
            process.wait()


@pytest.mark.parametrize("kills", _KILLS)
def test_a_lease_is_had_by_one_at_a_time_whoever_is_killed(
    tmp_path: Path, figures: Figures, kills: int
) -> None:
    directory = tmp_path / "ours"
    _churn("ours", directory, kills)
    leases, overlaps = _overlaps(directory)
    assert leases > kills
    assert overlaps == 0
    time.sleep(TTL_S)
    last = FileLeases(directory / "locks", "last", SystemClock(), boot_id())
    for key in KEYS:
        last.release(last.acquire(key, TTL_S))
    names = {each.name.partition("-")[0] for each in (directory / "locks").iterdir()}
    assert names == {"guard", "spare"}, "nobody who was killed left anything else"
    figures.add(
        "a lease has one holder at a time",
        f"{_PROCESSES} processes renew, outstay and steal, {kills} are killed",
        f"leases {leases:,}, overlaps 0",
    )


def test_leases_without_a_guard_are_found_out(tmp_path: Path, figures: Figures) -> None:
    tried = overlaps = 0
    while not overlaps and tried < _TRIES:
        tried += 1
        directory = tmp_path / str(tried)
        _churn("unguarded", directory, 5)
        _, overlaps = _overlaps(directory)
    assert overlaps > 0
    figures.add("… and the attack has teeth", "the same without a guard", f"overlaps {overlaps}")
