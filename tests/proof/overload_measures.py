"""What phases of a run say together, and what must hold of them."""

from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median
from urllib.request import Request, urlopen

import orjson

from tests.proof.overload import Stage
from tests.proof.overload_phase import Phase
from tests.proof.overload_terms import Group

MIB = 1 << 20
FULL = "the queue of changes is full"
_ENOUGH = 0.8
_PROBE_MS = 100


def reserving(clients: int) -> list[Group]:
    """Return a crowd that does nothing but reserve."""
    return [Group("reserve", clients)]


def saturating(stage: Stage, tried: tuple[int, ...], seconds: float) -> int:
    """Return the number of clients that gets the most done."""
    found = {n: stage.run(f"{n} clients", reserving(n), seconds).per_second for n in tried}
    return max(found, key=lambda n: found[n])


@dataclass(slots=True)
class Rounds:
    """Capacity and overload by turns.

    ``places`` are slots and the longest queue together. ``idle`` is the memory, in bytes, that the
    same state takes in a process that has not seen the crowd.
    """

    places: int
    idle: int = 0
    calm: list[Phase] = field(default_factory=list)
    crowded: list[Phase] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the figures as a clause."""
        accepted_us, refused_us = self.cost_us()
        refused = sum(each.refused for each in self.crowded)
        cost = f"{accepted_us:.0f} µs" + (
            f", {refused_us:.0f} more for each refusal" if refused else ""
        )
        idle = f", idle with the same state {self.idle // MIB}" if self.idle else ""
        return (
            f"accepted {_rate(self.crowded):,.0f}/s, at capacity {_rate(self.calm):,.0f}: ratio "
            f"{self.ratio:.2f}; p99 {_p99(self.crowded):.0f} ms (capacity {_p99(self.calm):.0f}); "
            f"refused {refused:,}; CPU of a reservation {cost}; peak {self.peak // MIB} MB{idle}; "
            f"probe p99 {probe_p99(self.crowded):.0f} ms (capacity {probe_p99(self.calm):.0f})"
        )

    @property
    def ratio(self) -> float:
        """What is done in a second under overload, for each that is before and after it.

        The median of the rounds: a machine that others use, too, makes single ones lie.
        """
        around = zip(pairwise(self.calm), self.crowded, strict=True)
        return median(each.per_second / _rate([*calm]) for calm, each in around)

    @property
    def peak(self) -> int:
        """The highest memory under overload, in bytes."""
        return max(each.peak_rss for each in self.crowded)

    def cost_us(self) -> tuple[float, float]:
        """Return the microseconds of CPU of an accepted request, and what is left for a refusal.

        In that, there is also what it costs that the accepted ones had to wait.
        """
        done = sum(each.report.acknowledged for each in self.calm)
        accepted = sum(each.cpu_s for each in self.calm) / done
        rest = sum(each.cpu_s - accepted * each.report.acknowledged for each in self.crowded)
        refused = sum(each.report.turned_away for each in self.crowded)
        return accepted * 1e6, rest * 1e6 / max(1, refused)

    def require_shed(self) -> None:
        """The crowd was refused and readiness said so; those who can be served never were."""
        assert all(phase.refused for phase in self.crowded), "nobody was refused"
        assert not any(phase.refused for phase in self.calm)
        assert any(FULL in phase.probed.reasons for phase in self.crowded)
        assert not any(phase.probed.reasons for phase in self.calm)

    def require_bounded(self) -> None:
        """No more are inside than have a place, and no more memory is taken than for them."""
        for phase in self.crowded:
            inside = phase.per_second * phase.report.accepted.mean / 1000  # Little's law
            assert inside <= 1.5 * self.places, f"{inside:.0f} were inside of {self.places}"
        assert self.peak <= 1.5 * self.idle + 64 * MIB, f"{self.peak // MIB} MB"

    def require_as_fast(self) -> None:
        """As much is done as at capacity, nearly, and probes are answered as fast."""
        assert self.ratio >= _ENOUGH, f"only {self.ratio:.2f} of the capacity is left"
        assert probe_p99(self.crowded) <= max(_PROBE_MS, 3 * probe_p99(self.calm))


def alternate(
    stage: Stage,
    clients: int,
    crowd: int,
    *,
    places: int,
    rounds: int,
    seconds: float,
    polite: bool = False,
) -> Rounds:
    """Measure capacity and overload by turns, overload for ``seconds``, capacity for half of it."""
    measured = Rounds(places)
    measured.calm.append(stage.run("capacity", reserving(clients), seconds / 2))
    for _ in range(rounds):
        crowded = stage.run("overload", reserving(crowd), seconds, polite=polite)
        measured.crowded.append(crowded)
        measured.calm.append(stage.run("capacity", reserving(clients), seconds / 2))
    return measured


def require_honest(phase: Phase) -> None:
    """Every request was answered: done, or told properly when to come again."""
    report = phase.report
    assert (report.faults, report.unanswered) == ([], 0), phase.name
    assert phase.statuses <= {200, 429, 503}, report.answers
    assert phase.probed.faults == 0


def require_counted(stage: Stage, phases: list[Phase]) -> None:
    """The server has counted as many refusals as its clients have."""
    address = f"http://127.0.0.1:{stage.server.port}/metrics"
    with urlopen(Request(address, headers={"Accept": "application/json"})) as reply:
        counted = orjson.loads(reply.read())
    refused = sum(each.report.turned_away for each in phases)
    assert counted["shed"] + counted["rateLimited"] == refused


def probe_p99(phases: list[Phase]) -> float:
    """Return the 99th percentile of the slower probes, in ms: the median of the phases'."""
    return median(max(each.probed.kept.p99, each.probed.fresh.p99) for each in phases)


def _rate(phases: list[Phase]) -> float:
    return sum(each.accepted for each in phases) / sum(each.report.seconds for each in phases)


def _p99(phases: list[Phase]) -> float:
    return median(each.report.accepted.p99 for each in phases)
