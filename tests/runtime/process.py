"""``surestock serve`` as a child process on a free port, with nothing but the settings given."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

_COMMAND = (sys.executable, "-m", "surestock", "serve")
_LISTENING = re.compile(rb'"port":(\d+)')
_START_S = 60
_STOP_S = 30


class Service:
    """A running service. ``port`` is where it listens; its log is in ``log``."""

    def __init__(self, directory: Path, *command: str, **settings: str) -> None:
        self.log = directory / "log.ndjson"
        self._errors = directory / "stderr.txt"
        environment = {
            "PATH": os.environ["PATH"],
            "ENGINE": "memory",
            "PORT": "0",
            "DATA_DIR": str(directory / "data"),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        }
        with self.log.open("wb") as out, self._errors.open("wb") as err:
            self.process = subprocess.Popen(
                command or _COMMAND, env=environment | settings, stdout=out, stderr=err
            )
        self.port = 0

    def __enter__(self) -> Self:
        """Wait until it listens."""
        waited_s = 0.0
        while True:
            found = _LISTENING.search(self.log.read_bytes())
            if found is not None:
                self.port = int(found[1])
                return self
            assert self.process.poll() is None, self.errors
            assert waited_s < _START_S
            time.sleep(0.02)
            waited_s += 0.02

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Kill it, when it has not ended by itself."""
        self.process.kill()
        self.process.wait()

    @property
    def errors(self) -> str:
        """What it wrote to stderr."""
        return self._errors.read_text()

    def lines(self) -> list[dict[str, Any]]:
        """Return what it logged."""
        return [msgspec.json.decode(line) for line in self.log.read_bytes().splitlines()]

    def ended(self) -> int:
        """Wait for its end; return the exit code."""
        return self.process.wait(_STOP_S)
