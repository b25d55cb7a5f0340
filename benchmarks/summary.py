"""One row for each contender: the median of every figure over its rounds."""

from collections.abc import Sequence
from statistics import median

import msgspec

from benchmarks.rounds import Sample


class Row(msgspec.Struct, frozen=True):
    """Medians over the rounds; ``slowest`` and ``fastest`` are the extremes of operations/s."""

    letter: str
    title: str
    requests_per_second: float
    operations_per_second: float
    slowest: float
    fastest: float
    app_cpu_us: float
    database_cpu_us: float
    p50_ms: float
    p99_ms: float
    errors: int
    held_share: float
    wrk_cpu_share: float


def summarise(samples: Sequence[Sample], titles: dict[str, str]) -> list[Row]:
    """Return one row for each letter, in the order in which ``titles`` has them."""
    rows: list[Row] = []
    for letter, title in titles.items():
        own = [sample for sample in samples if sample.letter == letter]
        if not own:
            continue
        speeds = [sample.operations_per_second for sample in own]
        rows.append(
            Row(
                letter=letter,
                title=title,
                requests_per_second=median(sample.requests_per_second for sample in own),
                operations_per_second=median(speeds),
                slowest=min(speeds),
                fastest=max(speeds),
                app_cpu_us=median(sample.app_cpu_us for sample in own),
                database_cpu_us=median(sample.database_cpu_us for sample in own),
                p50_ms=median(sample.p50_ms for sample in own),
                p99_ms=median(sample.p99_ms for sample in own),
                errors=sum(sample.status_errors + sample.socket_errors for sample in own),
                held_share=median(sample.held / sample.requests for sample in own),
                wrk_cpu_share=median(sample.wrk_cpu_share for sample in own),
            )
        )
    return rows
