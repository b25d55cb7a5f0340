"""Owners of leases that share a directory and a clock."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from surestock.locking.lease import FileLeases
from tests.locking.lease_house import House, house
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


@pytest.fixture(name="home")
async def a_house(tmp_path: Path) -> AsyncIterator[House]:
    async with house(tmp_path / "locks") as built:
        yield built
