"""A throw-away PostgreSQL cluster: nothing of it outlives the test.

One for a test of something else is flushed nowhere. A durable one keeps what it acknowledged
through kills and shutdowns; its files lie in memory where there is room, since what is attacked
here is the server's process and not the machine's power.
"""

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from tests.real.cluster import START_S, USER, Cluster
from tests.real.postgres_binaries import give_to_server_user, postgres_binaries, run_program
from tests.real.process import steady_port
from tests.real.scratch import fastest_place, scratch_folder

__all__ = ["Cluster", "postgres_cluster", "server_home", "started"]

_INITDB: Final = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
# Small, because a test has few connections and several clusters may run.
_SMALL: Final = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "dynamic_shared_memory_type": "mmap",  # its files go with the folder, even after a kill
}
_FLEETING: Final = {
    "max_connections": "50",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
}
_DURABLE: Final = {
    "max_connections": "100",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
}


@contextmanager
def postgres_cluster(
    version: str | None = None,
    *,
    durable: bool = False,
    on_disk: bool = False,
    settings: Mapping[str, str] = _NO_SETTINGS,
) -> Iterator[Cluster]:
    """Give a new cluster, and end it after. Raises Absent where there is no such server.

    ``version`` is the major one, else it is the machine's own. ``durable`` makes a commit outlive
    the server; ``on_disk`` has it flush to a real disk. ``settings`` are PostgreSQL's, by name.
    """
    binaries = postgres_binaries(version)
    in_memory = durable and not on_disk
    chosen = _SMALL | (_DURABLE if durable else _FLEETING) | dict(settings)
    with server_home(in_memory=in_memory) as home:
        run_program(
            binaries / "initdb",
            "-D",
            str(home / "data"),
            "-U",
            USER,
            *_INITDB,
            folder=home,
            timeout_s=START_S,
        )
        with started(Cluster(binaries, home, steady_port(), chosen)) as cluster:
            yield cluster


@contextmanager
def started(cluster: Cluster) -> Iterator[Cluster]:
    """Start a cluster whose data directory is there, and end it after."""
    try:
        cluster.start_again()
        yield cluster
    finally:
        cluster.stop_at_once()


@contextmanager
def server_home(*, in_memory: bool) -> Iterator[Path]:
    """Give a folder that who runs the server owns, and remove it after."""
    home = scratch_folder(fastest_place() if in_memory else Path(tempfile.gettempdir()))
    try:
        give_to_server_user(home)
        yield home
    finally:
        shutil.rmtree(home)
