"""Node projects that tests run: installed once for each lock file, started from a copy.

What is installed stays in a folder that git ignores, under a name that tells package.json, lock
file and Node apart; a test run on a warm machine installs nothing. A lock file holds no address
of a registry: npm takes its own.
"""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.real.absent import Absent
from tests.real.process import Server, answers, running, steady_port

CACHE: Final = Path(__file__).resolve().parents[2] / ".node"
_ASKED_FOR: Final = ("package.json", "package-lock.json", ".npmrc")
_INSTALL_S: Final = 900
_START_S: Final = 120
# A registry out of reach is the machine's lack; any other failure of npm is the project's.
_OUT_OF_REACH: Final = re.compile(
    r"\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ENETUNREACH|EHOSTUNREACH|ETIMEDOUT"
    r"|ERR_SOCKET_TIMEOUT|ENOTCACHED|E40[137]|E50[0-9])\b"
)
_NPM: Final = ("--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
_IMPATIENT: Final = ("--fetch-retries=2", "--fetch-retry-mintimeout=500")
_PATIENCE: Final = ("--fetch-retry-maxtimeout=5000", "--loglevel=error")


def installed(project: Path, command: str = "ci") -> Path:
    """Return the folder that holds what ``project`` depends on, in ``node_modules``.

    ``command`` is npm's: "ci" takes the lock file as it is; "install" also where packages of
    other systems are missing from it. Raises Absent without node or npm, or when the registry
    is out of reach.
    """
    node, npm = _program("node"), _program("npm")
    place = CACHE / f"{_name(project)}-{_digest(project, node, command)}"
    if place.exists():
        return place
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f"{place.name}.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if not place.exists():
            _install(npm, project, command, place)
    return place


def staged(project: Path, place: Path, command: str = "ci") -> Path:
    """Return a copy of the project at ``place``, with its ``node_modules`` linked in.

    A server writes beside its own sources; with a copy, two of them don't meet.
    """
    modules = installed(project, command) / "node_modules"
    shutil.copytree(project, place, ignore=shutil.ignore_patterns("node_modules"))
    (place / "node_modules").symlink_to(modules)
    return place


def node_environment(**more: str) -> dict[str, str]:
    """Return what a Node process of a test sees: a PATH, a home, and ``more``."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "NODE_ENV": "production", **more}


@contextmanager
def node_server(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], port: int | None = None
) -> Iterator[tuple[Server, int]]:
    """Run a server until the context ends; it is there when something answers at its port.

    It is told its port by the variable PORT. Raises ServerFailed when it dies or never answers.
    """
    port = steady_port() if port is None else port
    assert not answers(port), f"somebody else listens at port {port}"
    with running(
        folder.name,
        command,
        folder / "output.log",
        folder=folder,
        environment={**environment, "PORT": str(port)},
    ) as server:
        server.wait_until(lambda: answers(port), _START_S)
        yield server, port


def run_node(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> str:
    """Run a command to its end and return its output. Raises AssertionError when it fails."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_INSTALL_S,
    )
    assert done.returncode == 0, (
        f"{command[0]} ended with {done.returncode}:\n{done.stdout[-4000:]}"
    )
    return done.stdout


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise Absent(f"{name} is not installed here")
    return found


def _name(project: Path) -> str:
    """Return the platform's name for a project in tests/commerce/<platform>/server."""
    return project.parent.name if project.name == "server" else project.name


def _digest(project: Path, node: str, command: str) -> str:
    version = subprocess.run([node, "--version"], capture_output=True, check=True).stdout
    digest = hashlib.sha256(version + command.encode())
    for name in _ASKED_FOR:
        file = project / name
        digest.update(name.encode() + (file.read_bytes() if file.exists() else b""))
    return digest.hexdigest()[:12]


def _install(npm: str, project: Path, command: str, place: Path) -> None:
    """Install beside ``place`` and rename, so that an interrupted one is never taken for whole."""
    draft = place.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name in _ASKED_FOR:
        if (project / name).exists():
            shutil.copy(project / name, draft / name)
    done = subprocess.run(
        [npm, command, *_NPM, *_IMPATIENT, *_PATIENCE],
        cwd=draft,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_INSTALL_S,
    )
    if done.returncode != 0:
        shutil.rmtree(draft)
        said = done.stdout[-2000:]
        if _OUT_OF_REACH.search(said):
            raise Absent(f"npm can't reach a registry to install {_name(project)}:\n{said}")
        raise AssertionError(f"npm {command} failed for {_name(project)}:\n{said}")
    draft.rename(place)
