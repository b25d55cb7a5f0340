"""What a machine may lack, so that a test that needs it is skipped by name and not failed."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest


class Absent(Exception):
    """Something is not installed here, and can't be installed now. The message says what."""


@contextmanager
def skipped_when_absent() -> Iterator[None]:
    """Skip the test, or all tests of the fixture, for which something is absent."""
    try:
        yield
    except Absent as absent:
        pytest.skip(str(absent))
