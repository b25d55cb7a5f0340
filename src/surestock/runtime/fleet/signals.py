"""Signals of a process that has others to care for: held back from its children, and passed on.

A child inherits which signals are held back. So a signal to the whole process group cannot kill one
that has only just begun, and has not said yet that it leaves signals to its parent.
"""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Never

from surestock.runtime.fleet.parent import SIGNALS


def hold_signals() -> None:
    """Hold back what ends a process, in this thread and in all that it starts."""
    signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)


def pass_signals_on(told: Callable[[], None]) -> None:
    """Call ``told`` in this event loop for each signal that is held back."""
    loop = asyncio.get_running_loop()

    def wait() -> Never:
        while True:
            signal.sigwait(SIGNALS)
            with suppress(RuntimeError):  # the loop has ended, and the process is about to
                loop.call_soon_threadsafe(told)

    Thread(target=wait, name="surestock-signals", daemon=True).start()
