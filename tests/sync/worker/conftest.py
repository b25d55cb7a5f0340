"""A house whose log has small segments."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from surestock.kit import failpoints
from tests.sync.worker.house import House


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """Open a house on an empty folder; what was armed in it is disarmed."""
    with House(tmp_path, segment_bytes=4096) as made:
        yield made
    failpoints.disarm_all()
