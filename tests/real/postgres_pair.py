"""A PostgreSQL primary with a synchronous standby: what it acknowledged outlives it elsewhere."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from types import MappingProxyType
from typing import Final

from tests.real.cluster import START_S, USER, Cluster
from tests.real.postgres import postgres_cluster, server_home
from tests.real.postgres_binaries import run_program
from tests.real.process import steady_port

_NO_SETTINGS: Final[Mapping[str, str]] = MappingProxyType({})
_STANDBY: Final = "standby"
_LOOK_EVERY_S: Final = 0.02
_SETTINGS: Final = {
    "wal_keep_size": "128MB",
    "wal_retrieve_retry_interval": "100ms",
    "cluster_name": _STANDBY,  # a standby calls itself so at its primary
}


class Pair:
    """A primary and its standby, which change places when the standby is promoted.

    Their two ports stay what they are, so one URL finds the primary, whoever it is.
    """

    def __init__(self, primary: Cluster, standby: Cluster) -> None:
        self.primary = primary
        self.standby = standby
        self._ports = (primary.port, standby.port)

    def url(self, database: str) -> str:
        """Return where a client that tries both finds the one that takes writes."""
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        return f"postgres://{USER}@{hosts}/{database}?target_session_attrs=read-write"

    def kill_primary(self) -> None:
        """Kill all processes of the primary."""
        self.primary.kill()

    def promote_standby(self) -> None:
        """Let the standby take writes, and wait until it does. The dead one is standby in name.

        The new primary waits for nobody until ``rejoin``. The old one must be dead: two that take
        writes would be two truths.
        """
        assert not self.primary.is_up, "the primary runs"
        assert self.standby.execute(f"SELECT pg_promote(true, {START_S})") == [("t",)]
        self.primary, self.standby = self.standby, self.primary

    def rejoin(self) -> None:
        """Make the standby anew from the primary, and wait until each commit waits for it."""
        assert not self.standby.is_up, "the standby runs"
        shutil.rmtree(self.standby.data, ignore_errors=True)
        run_program(
            self.primary.binaries / "pg_basebackup",
            *("-D", str(self.standby.data), "-h", "127.0.0.1", "-p", str(self.primary.port)),
            *("-U", USER, "-R", "-X", "stream", "-c", "fast", "--no-sync"),
            folder=self.standby.home,
            timeout_s=START_S,
        )
        self.standby.start_again()
        self.primary.execute(f"ALTER SYSTEM SET synchronous_standby_names = '{_STANDBY}'")
        self.primary.execute("SELECT pg_reload_conf()")
        self._await_synchronous()

    def _await_synchronous(self) -> None:
        deadline = time.monotonic() + START_S
        while self.primary.execute("SELECT sync_state FROM pg_stat_replication") != [("sync",)]:
            assert time.monotonic() < deadline, "the standby does not follow"
            time.sleep(_LOOK_EVERY_S)


@contextmanager
def primary_with_standby(
    version: str | None = None,
    *,
    on_disk: bool = False,
    settings: Mapping[str, str] = _NO_SETTINGS,
) -> Iterator[Pair]:
    """Give a durable pair, and end both after. Raises Absent where there is no such server."""
    chosen = _SETTINGS | dict(settings)
    with (
        postgres_cluster(version, durable=True, on_disk=on_disk, settings=chosen) as primary,
        server_home(in_memory=not on_disk) as home,
        ExitStack() as ended,
    ):
        standby = Cluster(primary.binaries, home, steady_port(), primary.settings)
        ended.callback(standby.stop_at_once)
        pair = Pair(primary, standby)
        pair.rejoin()
        yield pair
