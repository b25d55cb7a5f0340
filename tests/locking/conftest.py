"""Owners of leases that share a directory and a clock."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.locking.lease import FileLeases
from tests.locking.lessees import Lessees


@pytest.fixture
def lessees(tmp_path: Path) -> Lessees:
    return Lessees(tmp_path / "locks")


@pytest.fixture
def anna(lessees: Lessees) -> Iterator[FileLeases]:
    owner = lessees.owner("anna")
    yield owner
    owner.close()


@pytest.fixture
def ben(lessees: Lessees) -> Iterator[FileLeases]:
    owner = lessees.owner("ben")
    yield owner
    owner.close()
