"""One worker keeps the central view. Others stand by, and one takes over when it is gone."""

import asyncio
from pathlib import Path

from surestock.journal.errors import JournalHeld
from surestock.journal.hold import JournalHold
from surestock.kit.files import make_directory
from surestock.telemetry.log import Log

_LOOK_EVERY_S = 0.1


async def hold_worker(directory: Path, log: Log) -> JournalHold:
    """Return the hold on ``directory``, once no other process has it; until then, stand by.

    The kernel lets go of it at any death. Asking for it again and again, in place of a call that
    waits, is what lets a worker that stands by be told to end. Raises ``OSError``.
    """
    make_directory(directory)
    told = False
    while True:
        try:
            return JournalHold(directory)
        except JournalHeld as held:
            if not told:
                log.info("another sync worker is at work; this one stands by", owner=held.holder)
                told = True
        await asyncio.sleep(_LOOK_EVERY_S)
