"""Which database a command works on, and what is said when that cannot be used."""

from collections.abc import Iterator
from contextlib import contextmanager

from surestock.cli.failing import IMPOSSIBLE, fail
from surestock.database import DatabaseConfig, DatabaseError
from surestock.runtime.database_url import checked_url
from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import read_settings


def database_of(url: str | None) -> str:
    """Return the URL that was asked for, or that the settings name. Raises ``StartRefused``."""
    if url is not None:
        return sound_url(url)
    named = read_settings().database_url
    if named is None:
        raise StartRefused("No database is named: use --database-url, or set DATABASE_URL.")
    return named


def sound_url(url: str) -> str:
    """Return a URL that was given. Raises ``StartRefused``, which shows none of it."""
    try:
        return checked_url(url)
    except ValueError as error:
        raise StartRefused(f"The URL of the database {error}.") from error


@contextmanager
def at_database(url: str, advice: str = "") -> Iterator[None]:
    """Turn every error of a database into a sentence without its secrets, and exit code 2.

    ``advice`` is a sentence that follows it.
    """
    try:
        yield
    except DatabaseError as error:
        told = str(error).rstrip(".")
        fail(f"The database at {DatabaseConfig(url).place()}: {told}.{advice}", IMPOSSIBLE)
