"""What the log engine needs to know, and whom it tells."""

from datetime import timedelta
from pathlib import Path

from msgspec import Struct, field

from surestock.journal.append import AppendConfig
from surestock.resilience.breaker import BreakerConfig, BreakerState


class LogConfig(Struct, frozen=True):
    """Settings of the log engine.

    ``directory`` is where segments stand; what is derived from them stands in folders beside it.
    ``max_pending`` bounds the commands that are decided and not yet durable. ``join_timeout_s`` is
    how long a repeated idempotency key waits for the first. ``breaker`` tells how many batches in a
    row may fail before nothing more is decided, and for how long.
    """

    directory: Path
    append: AppendConfig = field(default_factory=AppendConfig)
    idempotency_ttl: timedelta = timedelta(hours=24)
    max_pending: int = 10_000
    max_refusals: int = 10_000
    join_timeout_s: float = 5.0
    breaker: BreakerConfig = BreakerConfig()

    @property
    def archive(self) -> Path:
        """Where segments go that snapshots cover."""
        return self.directory.parent / "archive"

    @property
    def index(self) -> Path:
        """Where the indexes of sealed segments stand."""
        return self.directory.parent / "index"

    @property
    def snapshots(self) -> Path:
        """Where snapshots stand."""
        return self.directory.parent / "snapshots"

    @property
    def central(self) -> Path:
        """Where the worker notes how far it came."""
        return self.directory.parent / "central"


class LogObserver:
    """Is told what happens. This one does nothing; telemetry brings one that counts."""

    def committed(self, records: int, seconds: float) -> None:
        """``records`` became durable together, ``seconds`` after they were handed over."""

    def synced(self, seconds: float) -> None:
        """A batch's fdatasync took ``seconds``."""

    def breaker(self, state: BreakerState, openings: int) -> None:
        """The breaker on the log has another state; it opened ``openings`` times so far."""

    def retried(self) -> None:
        """A write to the log failed and is tried again. Called in the writer's thread."""

    def failed(self, records: int) -> None:
        """``records`` commands could not be written, and were answered so."""

    def damaged(self, derived: Path, why: str) -> None:
        """A snapshot or an index is not sound: another one is used, or it is made again."""

    def indexed(self, segment: Path) -> None:
        """The index of a segment was missing and was made again at start."""

    def torn(self, aside: Path, why: str) -> None:
        """A torn tail was cut off and set aside: at start, or once there was room for that.

        Then it is called in the writer's thread, or in that of a turn at a log that is shared.
        """

    def followed(self, records: int) -> None:
        """Others committed ``records``, which are taken over now."""

    def recovered(self, sequence: int, seconds: float) -> None:
        """The log was replayed up to ``sequence``."""
