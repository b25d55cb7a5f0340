"""The worker's socket can be reached wherever its folder is, and a dead worker's is replaced."""

import stat
from pathlib import Path

import pytest

from surestock.sync.socket_place import connect, listen


def test_a_folder_with_a_long_path_has_room_for_a_socket(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 120) / ("b" * 120)
    folder.mkdir(parents=True)
    with listen(folder), connect(folder):
        assert stat.S_IMODE((folder / "socket").stat().st_mode) == 0o600


def test_the_socket_of_a_dead_worker_is_replaced(tmp_path: Path) -> None:
    listen(tmp_path).close()
    with pytest.raises(ConnectionRefusedError):
        connect(tmp_path)
    with listen(tmp_path), connect(tmp_path):
        pass


def test_where_no_worker_ever_was_nobody_is_reached(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        connect(tmp_path)
    with pytest.raises(FileNotFoundError):
        connect(tmp_path / "nowhere")
