"""A database of its own for each test, on each PostgreSQL that is here."""

from tests.real.fixtures import database, postgres, postgres_version

__all__ = ["database", "postgres", "postgres_version"]
