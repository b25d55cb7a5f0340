"""The claims about the derived side, each computed from its raw figures."""

from collections.abc import Callable, Sequence
from typing import Final, TypeVar

from benchmarks.derived.figures import CatchUp, Derived, Fold
from benchmarks.verdict import Verdict, over_rounds

_MILLION: Final = 1_000_000
_FEW: Final = 1_000
_KEYS: Final = 10 * _MILLION
_MIB: Final = 1024 * 1024

_Sized = TypeVar("_Sized", Fold, CatchUp)


def judge_derived(found: Derived) -> list[Verdict]:
    """Return the verdict on every claim, also those that this run did not measure."""
    snapshots = [it.ratio for it in found.disturbances if it.skus == _MILLION]
    starts = [it.ratio for it in found.snapshot_starts if it.skus == _MILLION]
    folds = _by_size(found.folds, lambda it: it.cpu_ms_per_1000)
    workers = _by_size(found.catch_ups, lambda it: it.worker_cpu_ms_per_1000)
    sizes = "1,000,000 SKUs against 1,000"
    return [
        over_rounds(
            "p99 while a snapshot of 1,000,000 SKUs is taken, against without", snapshots, 1.3
        ),
        over_rounds("start with 1,000,000 SKUs, snapshot against log", starts, 1.0),
        over_rounds(f"CPU per folded event, {sizes}", folds, 2.0),
        over_rounds(f"the same in the worker's process, {sizes}", workers, 2.0),
        over_rounds(
            "worker's fold against the API's single reserves, events/s",
            [it.ratio for it in found.catch_ups],
            1.0,
            at_least=True,
        ),
        *_keys(found),
    ]


def _by_size(measured: Sequence[_Sized], cost: Callable[[_Sized], float]) -> list[float]:
    """Return the cost at a million SKUs against that at a thousand, for each round."""
    few = {it.round: cost(it) for it in measured if it.skus == _FEW}
    many = [it for it in measured if it.skus == _MILLION]
    return [cost(it) / few[it.round] for it in many if it.round in few]


def _keys(found: Derived) -> list[Verdict]:
    memory: list[float] = []
    over_http: list[float] = []
    alone: list[float] = []
    starts: list[float] = []
    lookups, logs = found.key_lookups, found.keyed_logs
    if lookups is not None and lookups.keys == _KEYS:
        few, many = logs
        memory = [lookups.more_bytes(many) / _MIB]
        over_http, alone = [lookups.http_p99_ms], [lookups.lookup_p99_ms]
        both = zip(many.start_seconds, few.start_seconds, strict=True)
        starts = [of_many / of_few for of_many, of_few in both]
    return [
        over_rounds("memory of 10,000,000 keys within their time to live", memory, 512, "MiB"),
        over_rounds("p99 of a repeat of an old request among them, over HTTP", over_http, 2, "ms"),
        over_rounds("the same in one process, without HTTP", alone, 2, "ms"),
        over_rounds("start with 10,000,000 keys against 1,000,000", starts, 1.1),
    ]
