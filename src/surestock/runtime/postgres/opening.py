"""What keeps a process from starting with its database, in one sentence that says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager

from surestock.database import DatabaseDown, DatabaseError
from surestock.runtime.errors import StartRefused


@contextmanager
def refused_without_database() -> Iterator[None]:
    """Turn an error of the database in the block into :class:`StartRefused`.

    What is told names the hosts of DATABASE_URL and never its password.
    """
    try:
        yield
    except DatabaseDown as error:
        raise StartRefused(
            f"The database does not answer: {error}. Start it, or correct DATABASE_URL."
        ) from error
    except DatabaseError as error:
        raise StartRefused(f"The database cannot be used: {error}.") from error
