"""What the tests of the test bed share: a real PostgreSQL of each version."""

from tests.real.fixtures import database, postgres, postgres_version

__all__ = ["database", "postgres", "postgres_version"]
