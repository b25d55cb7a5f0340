"""A process of the service, to be killed at will: the product as it is, or broken on purpose."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

_STOP_S = 90
_ROOT = Path(__file__).parents[2]


class Child:
    """One data directory, and the process (if any) that works on it. ``log`` gets its output.

    ``tooth`` names a variant of ``tests.proof.broken``.
    """

    def __init__(
        self,
        data_dir: Path,
        log: Path,
        *,
        settings: dict[str, str] | None = None,
        tooth: str | None = None,
    ) -> None:
        self.data_dir = data_dir
        self.log = log
        self.tooth = tooth
        self._settings = settings or {}
        self._process: subprocess.Popen[bytes] | None = None

    def spawn(self, words: Iterable[str], wrap: Iterable[str] = (), **settings: str) -> None:
        """Start ``surestock`` with ``words``; ``wrap`` goes before the command, as strace does."""
        if self._process is not None:
            raise RuntimeError("the process runs already")
        product = ["surestock"] if self.tooth is None else ["tests.proof.broken", self.tooth]
        env = {
            "ENGINE": "log",
            "DATA_DIR": str(self.data_dir),
            "LOG_LEVEL": "warning",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": os.pathsep.join((str(_ROOT / "src"), str(_ROOT))),
            **self._settings,
            **settings,
        }
        with self.log.open("ab") as out:
            self._process = subprocess.Popen(
                [*wrap, sys.executable, "-m", *product, *words],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process. It must have been started, and not be known to have ended."""
        if self._process is None:
            raise RuntimeError("the process does not run")
        return self._process

    @property
    def is_alive(self) -> bool:
        """Tell whether the process runs."""
        return self._process is not None and self._process.poll() is None

    def signal_kill(self) -> None:
        """SIGKILL the process and its children, and don't wait."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)

    def freeze(self) -> None:
        """SIGSTOP the process; return when its first thread, which answers, has stopped."""
        pid = self.running.pid
        os.killpg(pid, signal.SIGSTOP)
        stat = Path(f"/proc/{pid}/task/{pid}/stat")
        while stat.read_text().rpartition(")")[2].split()[0] != "T":
            time.sleep(0)

    def kill(self) -> None:
        """SIGKILL the process and its children, and wait until they are gone."""
        self.signal_kill()
        if self._process is not None:
            self._process.wait(_STOP_S)
            self._process = None

    def stop(self) -> int:
        """SIGTERM the process, and strace around it, if any; return the exit code."""
        os.killpg(self.running.pid, signal.SIGTERM)
        return self.await_exit()

    def await_exit(self) -> int:
        """Wait until the process has ended by itself and return its exit code."""
        returncode = self.running.wait(_STOP_S)
        self._process = None
        return returncode

    def tail(self) -> str:
        """Return the end of what the process wrote."""
        return self.log.read_text(errors="replace")[-1500:]
