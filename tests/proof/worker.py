"""A sync worker as a process of its own, upkeep as another, and a check of it all."""

import time
from collections.abc import Iterable

from tests.proof.child import Child

_AT_WORK = "the sync worker is at work"
_COMES_S = 120
_VERIFIES_S = 300
_POLL_S = 0.01


class Worker(Child):
    """A worker of the data directory, or one that stands by."""

    def start(self, wrap: Iterable[str] = ()) -> None:
        """Start the process, and don't wait for anything."""
        self.log.unlink(missing_ok=True)
        self.spawn(("serve", "--role", "worker"), wrap, LOG_LEVEL="info")

    @property
    def is_at_work(self) -> bool:
        """Tell whether it has said that it is the one at work, and lives."""
        return self.is_alive and _AT_WORK in self.log.read_text(errors="replace")

    def await_work(self) -> None:
        """Wait until it is at work."""
        deadline = time.monotonic() + _COMES_S
        while not self.is_at_work:
            if not self.is_alive or time.monotonic() > deadline:
                raise AssertionError(f"the worker does not come to work: {self.tail()}")
            time.sleep(_POLL_S)


class Upkeep(Child):
    """``surestock upkeep`` on the data directory."""

    def run(self, wrap: Iterable[str] = ()) -> int:
        """Run it to its end, whatever that is; return the exit code."""
        self.spawn(("upkeep",), wrap)
        return self.await_exit()


class Verification(Child):
    """``surestock verify``, which changes nothing."""

    def run(self) -> int:
        """Run it to its end; return the exit code."""
        self.spawn(("verify",))
        self.running.wait(_VERIFIES_S)
        return self.await_exit()
