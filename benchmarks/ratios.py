"""The claims that a run is judged by, each computed from its raw figures.

A ratio between two contenders is taken inside each round, where they were neighbours in time,
and the median over the rounds counts; the spread is told beside it.
"""

from collections.abc import Sequence
from statistics import median
from typing import Final, Literal

from msgspec import Struct

from benchmarks.derived.claims import judge_derived
from benchmarks.results import Results
from benchmarks.rounds import Sample
from benchmarks.scale import letter_of
from benchmarks.verdict import Verdict, over_rounds

_MILLION: Final = 1_000_000
Figure = Literal["app_cpu_us", "database_cpu_us", "requests_per_second", "operations_per_second"]


def paired(
    samples: Sequence[Sample], above: tuple[str, Figure], below: tuple[str, Figure]
) -> list[float]:
    """Return one ratio for each round in which both contenders were measured."""
    below_at = {each.round: each for each in samples if each.letter == below[0]}
    ratios: list[float] = []
    for top in samples:
        if top.letter == above[0] and top.round in below_at:
            numerator: float = getattr(top, above[1])
            denominator: float = getattr(below_at[top.round], below[1])
            ratios.append(numerator / denominator)
    return ratios


def _contests(results: Results) -> list[Verdict]:
    samples = results.samples
    speed: Figure = "requests_per_second"
    cpu: Figure = "app_cpu_us"
    scaled = paired(results.scale_samples, (letter_of(_MILLION), cpu), (letter_of(1_000), cpu))
    batched = paired(samples, ("d", "operations_per_second"), ("b", speed))
    return [
        over_rounds(
            "(b) durable reserve against (a) doing nothing, server CPU",
            paired(samples, ("b", cpu), ("a", cpu)),
            0.8,
            at_least=False,
        ),
        over_rounds(
            "(g) durable cart add against (a) doing nothing, server CPU",
            paired(samples, ("g", cpu), ("a", cpu)),
            1.2,
            at_least=False,
        ),
        over_rounds(
            "(c) one SKU against (b) many, requests/s",
            paired(samples, ("c", speed), ("b", speed)),
            0.9,
            at_least=True,
        ),
        over_rounds(
            "(b) against (e) PostgreSQL, requests/s",
            paired(samples, ("b", speed), ("e", speed)),
            3.0,
            at_least=True,
        ),
        over_rounds(
            "(l') ENGINE=postgres against (e') the textbook, one SKU, requests/s",
            paired(samples, ("l'", speed), ("e'", speed)),
            5.0,
            at_least=True,
        ),
        over_rounds(
            "(l) ENGINE=postgres against (e) the textbook, many SKUs, requests/s",
            paired(samples, ("l", speed), ("e", speed)),
            2.0,
            at_least=True,
        ),
        over_rounds(
            "(n') ENGINE=postgres, 4 processes against (l) one, server CPU",
            paired(samples, ("n'", cpu), ("l", cpu)),
            1.2,
            at_least=False,
        ),
        over_rounds("(d) batches against (b), operations/s", batched, 8.0, at_least=True),
        over_rounds("CPU per write, 1,000,000 SKUs against 1,000", scaled, 1.15, at_least=False),
    ]


def _start(results: Results) -> Verdict:
    seconds = [start.median_seconds for start in results.starts if start.events == _MILLION]
    value = seconds[0] if seconds else None
    claim = "start with 1,000,000 events in the log"
    return Verdict(claim, at_least=False, bound=10.0, unit="s", value=value)


def _memory(results: Results) -> list[Verdict]:
    each_skus = [stocked.worst_each for stocked in results.stocked if stocked.skus == _MILLION]
    each_sku = each_skus[0] if each_skus else None
    kept = results.reservations
    each_reservation: float | None = None
    if kept is not None and kept.reservations == _MILLION:
        each_reservation = max(kept.live_each, kept.restarted_each)
    return [
        Verdict("memory a SKU at 1,000,000", at_least=False, bound=1024, unit="B", value=each_sku),
        Verdict(
            "memory an active reservation at 1,000,000",
            at_least=False,
            bound=400,
            unit="B",
            value=each_reservation,
        ),
    ]


class Ratio(Struct, frozen=True):
    """What is told without a bound: the median over the rounds, and its spread."""

    what: str
    median: float
    least: float
    most: float


Comparison = tuple[str, str, str, Figure]
"""What is told, the row above, the row below, and the figure of both."""

SHARING: Final[tuple[Comparison, ...]] = (
    ("(h) locks on against (b) off, one process, server CPU", "h", "b", "app_cpu_us"),
    ("the same, operations/s", "h", "b", "operations_per_second"),
    ("(i) two processes against (h) one, both with locks, server CPU", "i", "h", "app_cpu_us"),
    ("the same, operations/s", "i", "h", "operations_per_second"),
    ("(i) two processes against (b) one without locks, server CPU", "i", "b", "app_cpu_us"),
    ("the same, operations/s", "i", "b", "operations_per_second"),
    (
        "(j') reads mostly, two processes against (j) one without locks, CPU",
        "j'",
        "j",
        "app_cpu_us",
    ),
    ("the same, operations/s", "j'", "j", "operations_per_second"),
    ("(k) one SKU with locks against (c) without, server CPU", "k", "c", "app_cpu_us"),
    ("the same, operations/s", "k", "c", "operations_per_second"),
    ("(k') one SKU, two processes against (k) one, accepted/s", "k'", "k", "operations_per_second"),
)

ON_POSTGRES: Final[tuple[Comparison, ...]] = (
    ("(l) against (e) the textbook, many SKUs, server CPU", "l", "e", "app_cpu_us"),
    ("the same, database CPU", "l", "e", "database_cpu_us"),
    ("(l') against (e') the textbook, one SKU, server CPU", "l'", "e'", "app_cpu_us"),
    ("the same, database CPU", "l'", "e'", "database_cpu_us"),
    ("(m) with a worker against (l) without, server CPU", "m", "l", "app_cpu_us"),
    ("the same, database CPU", "m", "l", "database_cpu_us"),
    ("the same, operations/s", "m", "l", "operations_per_second"),
    ("(n) 2 processes against (l) one, as many clients each, server CPU", "n", "l", "app_cpu_us"),
    ("the same, database CPU", "n", "l", "database_cpu_us"),
    ("the same, operations/s", "n", "l", "operations_per_second"),
    ("(n') 4 processes against (l) one, as many clients each, server CPU", "n'", "l", "app_cpu_us"),
    ("the same, database CPU", "n'", "l", "database_cpu_us"),
    ("the same, operations/s", "n'", "l", "operations_per_second"),
    ("(o) 2 processes against (l) one, as many clients in all, server CPU", "o", "l", "app_cpu_us"),
    ("the same, database CPU", "o", "l", "database_cpu_us"),
    (
        "(o') 4 processes against (l) one, as many clients in all, server CPU",
        "o'",
        "l",
        "app_cpu_us",
    ),
    ("the same, database CPU", "o'", "l", "database_cpu_us"),
)


def compare(samples: Sequence[Sample], comparisons: Sequence[Comparison]) -> list[Ratio]:
    """Return the ratios of ``comparisons``, as far as they were measured."""
    found = [(what, paired(samples, (top, it), (low, it))) for what, top, low, it in comparisons]
    return [Ratio(what, median(each), min(each), max(each)) for what, each in found if each]


def judge(results: Results) -> list[Verdict]:
    """Return the verdict on every claim, also those that this run did not measure."""
    derived = judge_derived(results.derived)
    return [*_contests(results), _start(results), *_memory(results), *derived]
