"""From the signal to the end: answers, flush, last sync, each with its share of the time.

What a step leaves of its share, the next ones have. A step that does not come to its end is given
up, and said; nothing of what was acknowledged is lost by that, for it was durable before.
"""

import asyncio
from collections.abc import Callable

import anyio

from surestock.runtime.bootstrap import Wired
from surestock.runtime.deadline import Deadline
from surestock.runtime.draining import DrainingServer
from surestock.runtime.unless import unless
from surestock.runtime.web.connections import REASONS
from surestock.runtime.web.limits import limits_of_process
from surestock.telemetry.log import make_log
from surestock.telemetry.sink import LineSink

_FLUSHED_BY = 0.7
_SYNCED_BY = 0.85
_ENDED_BY = 0.95
_STDOUT = 1
_OK = 0
_FAILED = 1


class Ending:
    """Ends what ``wired`` holds. ``server`` is the one to serve with until then.

    ``on_listening`` is called once the server listens, and ``shared`` tells that other processes
    write to the log's place as well.
    """

    def __init__(self, wired: Wired, on_listening: Callable[[], None], *, shared: bool) -> None:
        self._wired = wired
        self._shared = shared
        self._hurry = asyncio.Event()
        self._doing = "recovering"
        self._code = _OK
        self._is_flushed = False
        self._deadline = Deadline(wired.shutdown_s, wired.clock.monotonic, self._last_words)
        wired.metrics.connections_ended |= dict.fromkeys(REASONS, 0)
        self.server = DrainingServer(
            wired.app,
            on_listening,
            self._deadline,
            wired.metrics,
            limits_of_process(),
        )

    def begin(self) -> None:
        """End the server after its requests; the second time, without waiting for anything."""
        if self.server.should_exit:
            self.server.force_exit = True
            self._hurry.set()
        self._stop()

    def fail(self, what: str, why: BaseException) -> None:
        """End, since something failed that there is no going on without."""
        self._wired.log.error(what, why=str(why), exc_info=why)
        self._code = _FAILED
        self._stop()

    def _stop(self) -> None:
        self._deadline.begin()
        if self.server.started:
            self._doing = "answering what was accepted"
        # At once, so that readiness says so while connections are still accepted.
        self._wired.app.end_streams()
        self.server.should_exit = True

    async def finish(self) -> None:
        """Flush and sync, once the server has ended."""
        self._deadline.begin()
        await self._flush()
        self._doing = "syncing"
        await self._sync()
        self._doing = "stopping" if self._is_flushed else "flushing the log"

    def leave(self) -> int:
        """Return the process's exit code, once no task is left.

        It does not return when the log could not be flushed: a thread hangs, and Python would wait
        for it.
        """
        if not self._is_flushed:
            self._deadline.enforce()
        self._wired.log.info("stopped")
        return self._code

    async def _flush(self) -> None:
        """Close the engine, and let the last answers leave."""
        self._doing = "flushing the log"
        self._wired.admission.turn_away()
        with anyio.move_on_after(self._deadline.left_s(_FLUSHED_BY)):
            await self._wired.engine.close()
            self._is_flushed = True
        unanswered = await self.server.answered(_FLUSHED_BY)
        if unanswered:
            self._wired.log.error("requests were not answered in time", requests=unanswered)
            self._code = _FAILED
        self.server.cut()

    async def _sync(self) -> None:
        """Let the central view come level with the log, unless there is a hurry."""
        left_s = self._deadline.left_s
        sync = self._wired.side.end(lambda: left_s(_SYNCED_BY), lambda: left_s(_ENDED_BY))
        await unless(self._hurry, sync)

    def _last_words(self) -> None:
        """Say what is left. In any thread, so through a sink that nobody else has."""
        wired = self._wired
        wired.sink.flush()
        sink = LineSink(_STDOUT, shared=self._shared)
        make_log(sink.append, wired.clock, "error").error(
            "ended before all was done; nothing that was acknowledged is lost",
            doing=self._doing,
            commands=wired.engine.status().queue_depth,
        )
        sink.flush()
