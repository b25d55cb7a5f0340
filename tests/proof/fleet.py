"""The processes of one test, so that none outlives it."""

from pathlib import Path
from typing import TypeVar

from tests.proof.child import Child
from tests.proof.server import Server
from tests.proof.worker import Upkeep, Verification, Worker

_AnyChild = TypeVar("_AnyChild", bound=Child)


class Fleet:
    """Makes processes, on ``folder/data`` unless told otherwise, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Child] = []

    def __call__(
        self,
        data_dir: Path | None = None,
        *,
        role: str = "all",
        tooth: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> Server:
        """Return a new server, not started yet."""
        server = Server(
            data_dir or self._folder / "data",
            self._log("server"),
            role=role,
            tooth=tooth,
            settings=settings,
        )
        return self._keep(server)

    def worker(
        self,
        data_dir: Path | None = None,
        *,
        tooth: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> Worker:
        """Return a new worker, not started yet."""
        data_dir = data_dir or self._folder / "data"
        return self._keep(Worker(data_dir, self._log("worker"), tooth=tooth, settings=settings))

    def upkeep(
        self,
        data_dir: Path | None = None,
        *,
        tooth: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> Upkeep:
        """Return a new upkeep, not run yet."""
        data_dir = data_dir or self._folder / "data"
        return self._keep(Upkeep(data_dir, self._log("upkeep"), tooth=tooth, settings=settings))

    def verification(self, settings: dict[str, str]) -> Verification:
        """Return a check of what ``settings`` name, not run yet."""
        log = self._log("verification")
        return self._keep(Verification(self._folder / "data", log, settings=settings))

    def _log(self, kind: str) -> Path:
        return self._folder / f"{kind}-{len(self._made)}.log"

    def _keep(self, made: _AnyChild) -> _AnyChild:
        self._made.append(made)
        return made

    def kill_all(self) -> None:
        """Kill every process that still runs; none outlives another one that is slow to die."""
        for child in self._made:
            child.signal_kill()
        for child in self._made:
            child.kill()
