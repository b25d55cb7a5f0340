"""A process that counts and tells what all have counted, as fast as it can, until it is killed."""

import asyncio
import sys
from pathlib import Path

from surestock.kit.clock import SystemClock
from tests.telemetry.members import Member


async def _count(folder: Path, slot: int) -> None:
    member = Member(folder, slot, SystemClock())
    while True:
        member.metrics.rate_limited += 1
        counters = await member.shared.counters()
        print(counters["rateLimited"], flush=True)


if __name__ == "__main__":
    asyncio.run(_count(Path(sys.argv[1]), int(sys.argv[2])))
