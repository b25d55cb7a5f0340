"""The servers of one test, so that none outlives it."""

from pathlib import Path

from tests.proof.server import Server


class Fleet:
    """Makes servers, on ``folder/data`` unless told otherwise, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made: list[Server] = []

    def __call__(
        self,
        data_dir: Path | None = None,
        *,
        tooth: str | None = None,
        settings: dict[str, str] | None = None,
    ) -> Server:
        """Return a new server, not started yet."""
        log = self._folder / f"server-{len(self._made)}.log"
        server = Server(data_dir or self._folder / "data", log, tooth=tooth, settings=settings)
        self._made.append(server)
        return server

    def kill_all(self) -> None:
        """Kill every server that still runs."""
        for server in self._made:
            server.kill()
