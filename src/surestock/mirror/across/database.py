"""A user's turn over machines: it belongs to a session of the database, and ends with that.

Each process keeps one session open for as long as it lives. When it dies, its machine closes the
connection, and its turns are free at once. While it stands still, its machine keeps the connection,
and it keeps its turns. Only when nothing answers for it any more does the server end the session:
so a process may have lost a turn without having heard of it, and asks before it does what cannot be
taken back. See ADR 0025.
"""

import asyncio
from collections.abc import Awaitable, Callable

import anyio
from msgspec import Struct

from surestock.database import DatabaseConfig, DatabaseError, TryAgain
from surestock.inventory.unavailable import DatabaseUnavailable, TurnLost
from surestock.mirror.across.session import LastingSession, Session
from surestock.telemetry.log import Log


class _Ask(Struct, frozen=True, eq=False):
    """Something to do in the session. ``answer`` is cancelled when nobody waits for it."""

    does: Callable[[], Awaitable[bool]]
    answer: "asyncio.Future[bool]"


class DatabaseTurns:
    """The turns of this process. :meth:`run` has to run for as long as any is held or asked for.

    What is asked of the session is done one after the other, in the order of asking. Whoever asks
    may be cancelled at any time: the session is never left in the middle of a statement by it.
    """

    first_wait_s = 0.02
    longest_wait_s = 0.25
    may_be_lost = True

    def __init__(self, config: DatabaseConfig, holder: str, log: Log) -> None:
        self._session = LastingSession(config, holder)
        self._deadline_s = config.deadline_s
        self._log = log
        self._asks: asyncio.Queue[_Ask] = asyncio.Queue()
        self._held: dict[str, Session] = {}
        self._is_closed = False

    def __len__(self) -> int:
        """Return how many turns are held, or were when they got lost."""
        return len(self._held)

    async def open(self) -> None:
        """Begin the session, before :meth:`run`.

        Raises ``DatabaseDown``, or ``DatabaseUnfit`` where turns could not be kept.
        """
        await self._session.open()

    async def run(self) -> None:
        """Do what is asked for until cancelled; then give everything back."""
        try:
            while True:
                await self._do(await self._asks.get())
        finally:
            self._is_closed = True
            self._refuse()
            with anyio.CancelScope(shield=True):
                await self._session.close()

    async def try_lock(self, key: str) -> bool:
        """Take ``key`` and return True, or return False when somebody has it.

        Raises ``DatabaseUnavailable``. Cancelled, or when it raises, it leaves nothing taken.
        """
        if key in self._held:
            return False
        answer = asyncio.get_running_loop().create_future()
        ask = _Ask(lambda: self._take(key, answer), answer)
        try:
            return await self._answered(ask)
        except BaseException:
            if _is_granted(answer):
                self._give_back(key)  # it came when nobody waited any more
            raise

    def unlock(self, key: str) -> None:
        """Give ``key`` back, a little later. When that fails, the session is ended for it.

        Raises ``RuntimeError`` when it was not taken here.
        """
        if key not in self._held:
            msg = f"{key!r} was unlocked, but is not locked here"
            raise RuntimeError(msg)
        self._give_back(key)

    async def confirm(self, key: str) -> None:
        """Raise :class:`TurnLost` unless ``key`` is surely held at a moment during the call."""
        session = self._held.get(key)
        if session is None or not self._session.has(session):
            raise TurnLost(key)
        ask = _Ask(
            lambda: self._session.confirm(key, session),
            asyncio.get_running_loop().create_future(),
        )
        try:
            is_held = await self._answered(ask)
        except DatabaseUnavailable as error:
            raise TurnLost(key) from error
        if not is_held:
            raise TurnLost(key)

    async def _answered(self, ask: _Ask) -> bool:
        if self._is_closed:
            raise DatabaseUnavailable
        self._asks.put_nowait(ask)
        try:
            async with asyncio.timeout(self._deadline_s):
                return await ask.answer
        except TimeoutError as error:
            raise DatabaseUnavailable from error

    async def _do(self, ask: _Ask) -> None:
        if ask.answer.cancelled():
            return
        try:
            told = await ask.does()
        except TryAgain:
            told = False  # another one was at the same row for all the time that there is
        except DatabaseError as error:
            self._log.warning("users' turns are not to be had from the database", why=str(error))
            self._tell(ask, DatabaseUnavailable())
            self._refuse()
            return
        except BaseException:
            self._tell(ask, DatabaseUnavailable())
            raise
        if not ask.answer.done():
            ask.answer.set_result(told)

    async def _take(self, key: str, answer: "asyncio.Future[bool]") -> bool:
        session = await self._session.take(key)
        if session is None:
            return False
        if answer.cancelled():
            await self._give(key, session)
        else:
            self._held[key] = session
        return True

    def _give_back(self, key: str) -> None:
        session = self._held.pop(key, None)
        if session is None or self._is_closed or not self._session.has(session):
            return
        answer = asyncio.get_running_loop().create_future()
        self._asks.put_nowait(_Ask(lambda: self._give(key, session), answer))

    async def _give(self, key: str, session: Session) -> bool:
        try:
            await self._session.give(key, session)
        except TryAgain:
            self._session.drop()
            raise
        return True

    def _refuse(self) -> None:
        """Tell all who wait that they get nothing. What they gave back went with the session."""
        while not self._asks.empty():
            self._tell(self._asks.get_nowait(), DatabaseUnavailable())

    def _tell(self, ask: _Ask, error: DatabaseUnavailable) -> None:
        if not ask.answer.done():
            ask.answer.set_exception(error)
            ask.answer.exception()  # of a turn that is given back, nobody waits for the answer


def _is_granted(answer: "asyncio.Future[bool]") -> bool:
    is_known = answer.done() and not answer.cancelled() and answer.exception() is None
    return is_known and answer.result()
