"""What the measurements of the derived side found, as it is written to JSON."""

import msgspec


class Disturbance(msgspec.Struct, frozen=True, kw_only=True):
    """The API's latency without and while a snapshot is taken, in neighbouring windows."""

    round: int
    skus: int
    calm_p99_ms: float
    busy_p99_ms: float
    calm_p50_ms: float
    busy_p50_ms: float
    calm_requests_per_second: float
    busy_requests_per_second: float
    most_requests_per_second: float
    """What the same server answers to many connections, with nothing beside it."""
    snapshots: int
    """How many snapshots were begun and finished inside the busy window."""
    snapshot_seconds: float
    busy_share: float
    """The part of the busy window in which a snapshot was being taken."""

    @property
    def ratio(self) -> float:
        """The p99 with a snapshot being taken, against without."""
        return self.busy_p99_ms / self.calm_p99_ms


class SnapshotStart(msgspec.Struct, frozen=True, kw_only=True):
    """Starts of one data directory, from its snapshot and from its log alone."""

    round: int
    skus: int
    events: int
    archived_segments: int
    from_snapshot_seconds: float
    from_log_seconds: float

    @property
    def ratio(self) -> float:
        """The start from a snapshot, against the start from the log."""
        return self.from_snapshot_seconds / self.from_log_seconds


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """A round of the worker's fold over ``skus`` SKUs: in this process, or in a worker's own."""

    round: int
    skus: int
    events: int
    cpu_ms_per_1000: float


class CatchUp(msgspec.Struct, frozen=True, kw_only=True):
    """A worker that was stopped while the API committed single reserves, and then let go on."""

    round: int
    skus: int
    events: int
    committed_per_second: float
    folded_per_second: float
    worker_cpu_ms_per_1000: float

    @property
    def ratio(self) -> float:
        """How much faster it folds than the API commits."""
        return self.folded_per_second / self.committed_per_second


class WorkerShare(msgspec.Struct, frozen=True, kw_only=True):
    """CPU of a single reserve in µs: the API process with and without a worker beside it."""

    round: int
    alone_us: float
    with_worker_us: float
    worker_us: float
    """The worker's own, and its upkeep's."""

    @property
    def ratio(self) -> float:
        """The API process with a worker, against without."""
        return self.with_worker_us / self.alone_us


class KeyedLog(msgspec.Struct, frozen=True, kw_only=True):
    """A log of ``keys`` keys within their time to live, indexed, and an API process on it."""

    keys: int
    records: int
    log_bytes: int
    archive_bytes: int
    index_bytes: int
    key_runs: int
    making_seconds: float
    """From the first record to the end of the last upkeep; includes what the log was made by."""
    upkeep_cpu_seconds: float
    upkeep_peak_bytes: int
    start_seconds: list[float] = []
    start_cpu_seconds: list[float] = []
    """User and system time until the first answer, which a busy machine moves less."""
    resident_bytes: list[int] = []


class KeyLookups(msgspec.Struct, frozen=True, kw_only=True):
    """Repeats of old requests over the log with the most keys; times in ms.

    The lookups are an engine's in one process, without the API and HTTP.
    """

    keys: int
    over_http: int
    http_p50_ms: float
    http_p99_ms: float
    in_process: int
    first_lookup_ms: float
    """The median of the first lookups out of each segment."""
    lookup_p50_ms: float
    lookup_p99_ms: float
    lookup_cpu_p99_ms: float
    """The same in CPU time, which a busy machine moves less."""
    resident_bytes: int
    """Of the API process after all of that."""
    without_keys_bytes: int
    """Of an API process on the same log once every key is over its time to live."""

    def more_bytes(self, started: KeyedLog) -> int:
        """Return what the keys of ``started`` take, at the start or after many lookups."""
        return max(self.resident_bytes, *started.resident_bytes) - self.without_keys_bytes


class Derived(msgspec.Struct, kw_only=True):
    """The figures of every part; one that was not asked for is empty or None."""

    disturbances: list[Disturbance] = []
    snapshot_starts: list[SnapshotStart] = []
    folds: list[Fold] = []
    catch_ups: list[CatchUp] = []
    worker_shares: list[WorkerShare] = []
    keyed_logs: list[KeyedLog] = []
    key_lookups: KeyLookups | None = None
