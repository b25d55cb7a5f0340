"""The service in memory, but SIGUSR1 makes its engine fail, and SIGUSR2 its log."""

import asyncio
import os
import signal
import sys

import msgspec
import uvloop

from surestock.runtime.address import bind
from surestock.runtime.bootstrap import wire
from surestock.runtime.settings import read_settings
from surestock.runtime.supervisor import run


def _break_stdout() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, 1)


async def main() -> int:
    """Serve until a signal; return the exit code."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, told.set)
    loop.add_signal_handler(signal.SIGUSR2, _break_stdout)

    async def failed() -> BaseException:
        await told.wait()
        return OSError("the disk is gone")

    settings = read_settings()
    wired = msgspec.structs.replace(wire(settings), failed=failed)
    bound = bind(settings.host, settings.port)
    code = await run(wired, bound)
    wired.sink.flush()
    return code


sys.exit(uvloop.run(main()))
