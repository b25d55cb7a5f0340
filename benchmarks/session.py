"""One whole run: the parts that were asked for, one after the other, into one set of results."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.derived.parts import DERIVED_PARTS, run_derived
from benchmarks.field import open_field
from benchmarks.machine import describe
from benchmarks.memory import run_memory
from benchmarks.plan import Plan
from benchmarks.results import Results
from benchmarks.rounds import Sample, run_rounds
from benchmarks.scale import run_scale
from benchmarks.start_up import run_starts

LETTERS: Final = frozenset("abcdefghijklmno")
PARTS: Final = frozenset({"scale", "start", "memory"}) | DERIVED_PARTS


def _faults(samples: list[Sample], plan: Plan, at_once: int) -> list[str]:
    found = (sample.fault(plan.connections * at_once) for sample in samples)
    return [fault for fault in found if fault is not None]


def run(
    plan: Plan, chosen: frozenset[str], scratch: Path, advance: Callable[[str], None]
) -> Results:
    """Run what ``chosen`` names (of LETTERS and PARTS); ``advance`` hears each step.

    Raises SetupError and UnsoundMeasurement.
    """
    results = Results(
        plan=plan.name,
        rounds=plan.rounds,
        seconds=plan.seconds,
        connections=plan.connections,
        machine=describe(scratch),
    )
    letters = chosen & LETTERS
    if letters:
        with open_field(plan, letters, scratch, advance) as entries:
            results.titles = {each.contender.letter: each.contender.title for each in entries}
            results.samples = run_rounds(entries, plan, advance)
            at_once = {each.contender.letter: each.contender.load.at_once for each in entries}
        for sample in results.samples:
            results.faults += _faults([sample], plan, at_once[sample.letter])
    if "scale" in chosen:
        results.stocked, results.scale_samples = run_scale(plan, scratch, advance)
        results.faults += _faults(results.scale_samples, plan, 1)
    if "start" in chosen:
        results.starts = run_starts(plan, scratch, advance)
    if "memory" in chosen:
        results.reservations = run_memory(plan, scratch, advance)
    results.derived = run_derived(plan, chosen, scratch, advance)
    return results
