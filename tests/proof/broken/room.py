"""Read-only mode, broken: nobody finds out whether there is room, or it is not looked properly."""

import asyncio
import importlib
from typing import Any


def no_prober() -> None:
    """Nobody ever probes a log that could not be written."""
    engine = importlib.import_module("surestock.engine.log.engine").LogEngine

    async def keep_healthy(self: Any) -> None:
        del self
        await asyncio.Event().wait()

    engine.keep_healthy = keep_healthy


def blind_prober() -> None:
    """A probe makes a file and writes nothing into it."""
    append = vars(importlib.import_module("surestock.journal.append"))
    really_probe = append["probe_room"]

    def probe_room(directory: Any, size: int) -> None:
        del size
        really_probe(directory, 0)

    append.update(probe_room=probe_room)
