"""A PostgreSQL cluster of a test: what is in it, and how to strike it."""

import os
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from tests.real.postgres_binaries import ENVIRONMENT, server_user
from tests.real.postgres_wire import Row, StatementFailed, ask
from tests.real.process import Server, children, parent_of, runs, start

USER: Final = "postgres"
START_S: Final = 100
_LOOK_EVERY_S: Final = 0.01


class Cluster:
    """A PostgreSQL that trusts everybody on this machine. Its port stays its own while it is down.

    Its methods may be called from any thread.
    """

    def __init__(self, binaries: Path, home: Path, port: int, settings: Mapping[str, str]) -> None:
        self.binaries = binaries
        self.home = home
        self.port = port
        self.settings = dict(settings)
        self._server: Server | None = None
        self._frozen: set[int] = set()

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.home / "data"

    @property
    def is_up(self) -> bool:
        """Whether its main process runs."""
        return self._server is not None and self._server.process.poll() is None

    def url(self, database: str) -> str:
        """Return where a client finds a database."""
        return f"postgres://{USER}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, template: str | None = None) -> str:
        """Make a database, as a copy of ``template`` when one is named, and return its URL.

        Nobody may be connected to the template meanwhile: connections to it are ended.
        """
        copied = ""
        if template is not None:
            others = f"SELECT pid FROM pg_stat_activity WHERE datname = '{template}'"  # noqa: S608
            self.execute(f"SELECT pg_terminate_backend(pid) FROM ({others}) AS other")  # noqa: S608
            copied = f' TEMPLATE "{template}"'
        self.execute(f'CREATE DATABASE "{name}"{copied}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database, with the connections to it and with those that are frozen."""
        self.thaw()
        self.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def execute(self, statement: str, database: str = "postgres") -> list[Row]:
        """Run one statement and return its rows as text. Raises StatementFailed, or OSError."""
        return ask(self.port, USER, database, statement, START_S)

    def start_again(self) -> None:
        """Start it at its port, with its data, and wait until it takes connections."""
        assert not self.is_up, "it runs"
        status = self.data / "postmaster.pid"
        status.unlink(missing_ok=True)  # one that was killed left it, and it says "ready"
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        command += ["-k", str(self.home), "-p", str(self.port)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        self._server = start(
            "PostgreSQL",
            command,
            self.home / "output.log",
            folder=self.home,
            environment=ENVIRONMENT,
            user=server_user(),
        )
        self._server.wait_until(lambda: status.exists() and "ready" in status.read_text(), START_S)

    def stop_at_once(self) -> None:
        """End it without a farewell to anybody: PostgreSQL's "immediate shutdown"."""
        self.thaw()
        if self._server is not None:
            self._server.end(signal.SIGQUIT)

    def kill(self) -> None:
        """Kill all of its processes, as good as at one moment."""
        assert self._server is not None
        main = self._server.process
        main.send_signal(signal.SIGSTOP)  # so that it neither sees what happens nor starts others
        struck = children(main.pid)
        main.kill()
        for process in struck:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._frozen.clear()
        main.wait()
        self._await(lambda: not any(runs(process) for process in struck))

    def wait_until_ready(self) -> None:
        """Wait until it answers a statement, as after its recovery from a killed backend."""
        assert self._server is not None
        self._server.wait_until(self._answers, START_S)

    def backends(self, database: str | None = None) -> list[int]:
        """Return the processes that serve clients, of one database or of all."""
        which = "" if database is None else f" AND datname = '{database}'"
        found = self.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"  # noqa: S608
            f" AND pid <> pg_backend_pid(){which} ORDER BY backend_start"
        )
        return [int(process) for (process,) in found if process is not None]

    def kill_backend(self, process: int) -> None:
        """Kill a backend and wait until it is gone: the server then restarts all others."""
        self._strike(process, signal.SIGKILL)
        self._frozen.discard(process)
        # Not only dead: noted by the server, which takes no connections from then on.
        self._await(lambda: not Path(f"/proc/{process}").exists())

    def freeze(self, process: int) -> None:
        """Let a backend stand still, with its locks and its connection, until it is thawed."""
        self._strike(process, signal.SIGSTOP)
        self._frozen.add(process)

    def thaw(self, process: int | None = None) -> None:
        """Let a frozen backend go on, or all of them."""
        for frozen in self._frozen.copy() if process is None else {process}:
            with suppress(AssertionError):  # it has ended
                self._strike(frozen, signal.SIGCONT)
            self._frozen.discard(frozen)

    @property
    def process(self) -> int:
        """Its main process, the one that starts all others."""
        assert self._server is not None
        return self._server.process.pid

    def _strike(self, process: int, blow: signal.Signals) -> None:
        try:
            assert self.is_up, "it does not run"
            assert parent_of(process) == self.process, f"process {process} is none of this server's"
            os.kill(process, blow)
        except ProcessLookupError as error:
            raise AssertionError(f"process {process} has just ended") from error

    def _await(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not done():
            assert time.monotonic() < deadline, "a process that was killed is still there"
            time.sleep(_LOOK_EVERY_S)

    def _answers(self) -> bool:
        try:
            return self.execute("SELECT 1") == [("1",)]
        except (StatementFailed, OSError):
            return False
