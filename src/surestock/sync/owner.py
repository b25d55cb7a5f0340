"""One worker keeps the central view. Others stand by, and one takes over when it is gone."""

import asyncio
from contextlib import suppress
from pathlib import Path

from surestock.journal.errors import JournalHeld
from surestock.journal.hold import JournalHold
from surestock.kit.files import make_directory
from surestock.telemetry.log import Log

_LOOK_EVERY_S = 0.1


async def hold_worker(directory: Path, ending: asyncio.Event, log: Log) -> JournalHold | None:
    """Return the hold on ``directory``, once no other process has it; until then, stand by.

    None when ``ending`` is set before. The kernel lets go of a hold at any death. It is asked again
    and again, for a call that waits in the kernel could not be told to end. Raises ``OSError``.
    """
    make_directory(directory)
    told = False
    while not ending.is_set():
        try:
            return JournalHold(directory)
        except JournalHeld as held:
            if not told:
                log.info("another sync worker is at work; this one stands by", owner=held.holder)
                told = True
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_EVERY_S):
                await ending.wait()
    return None
