"""Which data directory a command works on."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from msgspec import Struct

DataDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        help="The data directory.",
        show_default="DATA_DIR, or data; with ENGINE=postgres DATABASE_URL",
    ),
]


class Place(Struct, frozen=True):
    """A data directory, and how it is kept; or a database, when ``database_url`` is not None.

    ``idempotency_ttl`` is how long a key stands for one command in it; unless ``archived``, what
    snapshots cover is deleted from its log.
    """

    data_dir: Path
    idempotency_ttl: timedelta
    archived: bool
    database_url: str | None = None


def place_of(data_dir: Path | None) -> Place:
    """Return the data directory that was asked for, or the place that the settings name.

    Raises ``StartRefused`` when the settings are wrong.
    """
    from surestock.runtime.settings import read_settings  # noqa: PLC0415 - help must be quick

    settings = read_settings()
    ttl = timedelta(milliseconds=settings.idemp_ttl_ms)
    named = settings.database_url if settings.engine == "postgres" else None
    url = None if data_dir is not None else named
    return Place(data_dir or settings.data_dir, ttl, settings.archive, url)
