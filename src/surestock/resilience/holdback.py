"""Refusals are kept back before they are sent, the longer the more of them there are.

To refuse costs about as much as to serve: a request has to be read and answered either way. A
client that comes again at once, whatever Retry-After says, would spend on refusals what those who
are served need. While it is kept waiting it cannot ask again, so the number of refusals in a second
is decided here and not by the number of clients.
"""

from asyncio import Future, get_running_loop

from surestock.resilience.drain import DrainRate

_SHARE = 0.05
_AT_LEAST_PER_SECOND = 100.0


class Holdback:
    """Lets one refusal go for each twenty that are done, or a hundred a second if that is more.

    None is kept for longer than ``longest_s``; so it takes more clients than go in that time to
    exceed the rate, and each of them still gets no more than one answer in ``longest_s``.
    """

    def __init__(self, drain: DrainRate, longest_s: float) -> None:
        self._drain = drain
        self._longest_s = longest_s
        self._held: set[Future[None]] = set()

    @property
    def held(self) -> int:
        """How many are kept back."""
        return len(self._held)

    async def hold(self) -> None:
        """Wait until it is this refusal's turn."""
        loop = get_running_loop()
        turn: Future[None] = loop.create_future()
        self._held.add(turn)
        allowed = max(_AT_LEAST_PER_SECOND, _SHARE * self._drain.per_second)
        wait_s = min(self._longest_s, len(self._held) / allowed)
        timer = loop.call_later(wait_s, _go, turn)
        try:
            await turn
        finally:
            timer.cancel()
            self._held.discard(turn)

    def let_go(self) -> None:
        """Let all go at once that are kept back now."""
        for turn in self._held:
            _go(turn)


def _go(turn: Future[None]) -> None:
    if not turn.done():
        turn.set_result(None)
