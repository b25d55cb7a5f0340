"""One crowd for some seconds: what it was answered, what the probes saw, what it cost."""

from dataclasses import dataclass

from tests.proof.overload_probe import Probed
from tests.proof.overload_terms import Report


@dataclass(frozen=True, slots=True)
class Phase:
    """``cpu_s`` and the resident memory, in bytes, are those of the API process."""

    name: str
    report: Report
    probed: Probed
    cpu_s: float
    peak_rss: int

    def count(self, *statuses: int, kind: str | None = None) -> int:
        """Return how many answers had one of these statuses."""
        kinds = self.report.answers if kind is None else {kind: self.report.answers.get(kind, {})}
        return sum(counts.get(status, 0) for counts in kinds.values() for status in statuses)

    @property
    def refused(self) -> int:
        """How many were told to come later."""
        return self.count(429, 503)

    @property
    def accepted(self) -> int:
        """How many were done."""
        return self.count(200, 201)

    @property
    def per_second(self) -> float:
        """How many were done in a second."""
        return self.accepted / self.report.seconds

    @property
    def statuses(self) -> set[int]:
        """Every status that was seen."""
        return {status for counts in self.report.answers.values() for status in counts}

    def __str__(self) -> str:
        """Return the figures as a line."""
        report, kept, fresh = self.report, self.probed.kept, self.probed.fresh
        seconds = report.seconds
        return (
            f"{self.name}: {self.per_second:,.0f}/s accepted (p50 {report.accepted.p50:.0f}, "
            f"p99 {report.accepted.p99:.0f}, max {report.accepted.max:.0f} ms), "
            f"{self.refused / seconds:,.0f}/s refused (p99 {report.refused.p99:.0f} ms), "
            f"probes p99 {kept.p99:.0f} ms kept, {fresh.p99:.0f} ms fresh, "
            f"max {max(kept.max, fresh.max):.0f} ms, peak {self.peak_rss >> 20} MiB, "
            f"CPU {self.cpu_s / seconds:.2f} server, {report.cpu_s / seconds:.2f} crowd, "
            f"readiness {self.probed.readiness}"
        )
