"""The configuration, read from the environment: here, once, and nowhere else.

Everything is checked before anything starts, and all wrong values are named at once. A setting
that asks for something which this release cannot do is refused, never ignored.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from surestock.cart.commands import DEFAULT_STORE_ID
from surestock.commerce.providers import DEFAULT
from surestock.runtime.database_url import checked_url
from surestock.runtime.errors import StartRefused

_HOUR_MS = 60 * 60 * 1000
_DAY_MS = 24 * _HOUR_MS
_YEAR_MS = 366 * _DAY_MS
_KIB = 1024
_HUNG_UP = 499
_VISIBLE = r"^[!-~]{1,128}$"
_IDENTIFIER = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"


def _for_somebody_there(status: int) -> int:
    if status == _HUNG_UP:
        raise ValueError("is how a request is logged whose client hung up; take another status")
    return status


_Port = Annotated[int, Field(ge=0, le=65_535)]
_Positive = Annotated[int, Field(ge=1)]


class Settings(BaseSettings):
    """Every setting, with its default. Times in milliseconds, sizes in bytes."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    port: _Port = 3000
    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    engine: Literal["log", "memory", "postgres"] = "log"
    data_dir: Path = Path("data")
    segment_bytes: Annotated[int, Field(ge=4 * _KIB, le=_KIB**4)] = 64 * _KIB * _KIB
    retry_base_ms: Annotated[int, Field(ge=1, le=60_000)] = 20
    retry_times: Annotated[int, Field(ge=0, le=100)] = 3
    load_shed_queue_max: Annotated[int, Field(ge=1, le=10_000_000)] = 10_000
    idemp_ttl_ms: Annotated[int, Field(ge=1000, le=_YEAR_MS)] = _DAY_MS
    snapshot_every_n_events: _Positive = 500_000
    archive: bool = True
    concurrency_api: Annotated[int, Field(ge=1, le=100_000)] = 256
    concurrency_sync: Annotated[int, Field(ge=1, le=1000)] = 64
    rate_limit_rps: Annotated[float | None, Field(gt=0, le=1e9, allow_inf_nan=False)] = None
    rate_limit_burst: Annotated[int | None, Field(ge=1, le=10**9)] = None
    breaker_threshold: Annotated[int, Field(ge=1, le=1_000_000)] = 5
    breaker_cooldown_ms: Annotated[int, Field(ge=10, le=_DAY_MS)] = 5000
    shutdown_timeout_ms: Annotated[int, Field(ge=100, le=_DAY_MS)] = 30_000
    api_keys_file: Path | None = None
    sync_interval_ms: Annotated[int, Field(ge=10, le=_DAY_MS)] = 15_000
    commerce_provider: Annotated[str, Field(min_length=1)] = DEFAULT
    commerce_config_file: Path | None = None
    cart_store_id: Annotated[str, Field(pattern=_IDENTIFIER)] = DEFAULT_STORE_ID
    otel_exporter_otlp_endpoint: Annotated[str | None, Field(pattern=r"^https?://[^/]")] = None
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    database_url: str | None = None
    """Where ENGINE=postgres keeps everything, and where commands find it that need no engine."""
    locks_enabled: bool = False
    lock_ttl_ms: Annotated[int, Field(ge=100, le=_HOUR_MS)] = 2000
    lock_renew_ms: _Positive = 1000
    lock_dir: Path | None = None
    """Where the leases stand; None: in ``locks``, inside the data directory."""
    lock_reject_status: Annotated[
        int, Field(ge=400, le=599), AfterValidator(_for_somebody_there)
    ] = 503
    lock_retry_after_ms: Annotated[int, Field(ge=1, le=_HOUR_MS)] = 300
    lock_owner_id: Annotated[str | None, Field(pattern=_VISIBLE)] = None
    """What this process is called in its leases; None: each one makes a name for itself."""

    # On fields, not on the whole: what is wrong between two fields is named beside all the rest.
    @field_validator("database_url")
    @classmethod
    def _be_there_for_its_engine(cls, url: str | None, others: ValidationInfo) -> str | None:
        if url is not None:
            return checked_url(url)
        if others.data.get("engine") == "postgres":
            raise ValueError(
                "is missing: ENGINE=postgres keeps everything in a database; set it to "
                "postgres://user:password@host:5432/database"
            )
        return None

    @field_validator("locks_enabled")
    @classmethod
    def _have_something_to_share(cls, enabled: bool, others: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's signature
        if enabled and others.data.get("engine") == "memory":
            raise ValueError(
                "lets several processes share DATA_DIR, and ENGINE=memory keeps everything in one "
                "process: set ENGINE=log, or leave LOCKS_ENABLED out"
            )
        return enabled

    @field_validator("lock_renew_ms")
    @classmethod
    def _renew_in_time(cls, renew_ms: int, others: ValidationInfo) -> int:
        ttl_ms = others.data.get("lock_ttl_ms")
        if ttl_ms is not None and renew_ms >= ttl_ms:
            raise ValueError(
                f"should be less than LOCK_TTL_MS={ttl_ms}: a lease is renewed before it runs out"
            )
        return renew_ms


def read_settings() -> Settings:
    """Return the settings of this process's environment.

    Raises :class:`StartRefused`, with a sentence that names every wrong value.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [_sentence(found) for found in error.errors(include_url=False)]
        raise StartRefused(f"The configuration is wrong: {'; '.join(wrong)}.") from error


def _sentence(found: Any) -> str:  # noqa: ANN401 - pydantic's own shape
    name = str(found["loc"][0]).upper()
    why = found["msg"].removeprefix("Value error, ")
    if name in {"DATABASE_URL", "OTEL_EXPORTER_OTLP_ENDPOINT"}:  # may hold a password
        return f"{name} {why}"
    return f"{name}={found['input']} {why[0].lower()}{why[1:]}"
