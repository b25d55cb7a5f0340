"""Two processes that steal the same expired lease never both have it."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.proof.figures import Figures
from tests.proof.lease_stealer import lay_out

_STEALERS = 4
_ALL = 4_000
_ROUNDS = [300, pytest.param(_ALL, marks=[pytest.mark.prove, pytest.mark.timeout(600)])]
_TRIES = 10


def _winners(kind: str, directory: Path, rounds: int) -> Counter[int]:
    """Return how many won each round."""
    directory.mkdir()
    lay_out(kind, directory, rounds)
    command = [sys.executable, "-m", "tests.proof.lease_stealer", kind, str(directory)]
    stealers = [
        subprocess.Popen(
            [*command, str(number), str(_STEALERS), str(rounds)], stdout=subprocess.PIPE, text=True
        )
        for number in range(_STEALERS)
    ]
    try:
        said = [stealer.communicate()[0] for stealer in stealers]
    finally:
        for stealer in stealers:
            stealer.kill()
            stealer.wait()
            if stealer.stdout is not None:
                stealer.stdout.close()
    assert [stealer.returncode for stealer in stealers] == [0] * _STEALERS
    return Counter(number for each in said for number in json.loads(each))


def _doubles(winners: Counter[int]) -> int:
    return sum(count > 1 for count in winners.values())


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_an_expired_lease_goes_to_exactly_one_of_four(
    tmp_path: Path, figures: Figures, rounds: int
) -> None:
    winners = _winners("ours", tmp_path / "ours", rounds)
    assert _doubles(winners) == 0
    assert sorted(winners) == list(range(rounds)), "somebody wins each round"
    figures.add(
        "two stealers never both win",
        f"{_STEALERS} processes, {rounds:,} expired leases, all at once",
        "double holders 0",
    )


@pytest.mark.parametrize("kind", ["read-delete-create", "unguarded"])
@pytest.mark.parametrize("rounds", _ROUNDS)
def test_leases_with_a_hole_are_found_out(
    tmp_path: Path, figures: Figures, kind: str, rounds: int
) -> None:
    """How often depends on the machine: a quick run goes on until it was seen once."""
    tried = doubles = 0
    while not doubles and tried < _TRIES:
        doubles = _doubles(_winners(kind, tmp_path / f"{tried}", rounds))
        tried += 1
    assert doubles > 0
    figures.add(
        "… and the attack has teeth",
        f"the same upon {kind}, {tried * rounds:,} rounds",
        f"double holders {doubles}",
    )
