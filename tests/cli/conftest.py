"""A shop that was looked after: made once, and copied for each test that spoils it."""

import shutil
from pathlib import Path

import pytest

from tests.cli.kept import Shop, kept


@pytest.fixture(scope="session")
def _once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kept(tmp_path_factory.mktemp("once") / "data").data_dir


@pytest.fixture
def shop(_once: Path, tmp_path: Path) -> Shop:
    """See :func:`tests.cli.kept.kept`."""
    shutil.copytree(_once, tmp_path / "data")
    return Shop(tmp_path / "data")
