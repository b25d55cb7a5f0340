"""What an API process does about a letter: decide, and fold what waits behind it."""

import asyncio
from functools import partial

import asyncpg

from surestock.inventory.central import DeadLetter
from surestock.inventory.unavailable import CircuitOpen, DatabaseUnavailable, OutcomeUnknown
from surestock.sync.outbox.access import Access
from surestock.sync.outbox.deciding import decide, drain_some
from surestock.sync.outbox.folding import Rules

_PAUSE_S = 0.02


class Verdicts:
    """Gives verdicts within ``most_s`` seconds each. What it has no time to fold is the worker's.

    Where the connection is lost meanwhile, the letter is decided about once more: a letter has one
    end, so that makes no difference.
    """

    def __init__(self, writes: Access, rules: Rules, most_s: float) -> None:
        self._writes = writes
        self._rules = rules
        self._most_s = most_s

    async def give(self, letter_id: str, reason: str | None) -> DeadLetter:
        """Discard a letter for ``reason``, or redrive it when there is none.

        Raises ``NotFound``; :class:`OutcomeUnknown` when the database was lost meanwhile, else what
        :meth:`Access.ask` raises.
        """
        until = asyncio.get_running_loop().time() + self._most_s
        has_begun = False

        async def work(connection: asyncpg.Connection) -> tuple[DeadLetter, bool]:
            nonlocal has_begun
            has_begun = True
            return await decide(connection, letter_id, reason, self._rules)

        while True:
            try:
                letter, is_left = await self._writes.ask(work, until)
                if is_left and await self._drain(letter.sku, until):
                    letter, _ = await self._writes.ask(work, until)
                return letter
            except (DatabaseUnavailable, CircuitOpen) as error:
                if not has_begun:
                    raise
                if not self._has_time(until):
                    raise OutcomeUnknown from error
            await asyncio.sleep(_PAUSE_S)

    async def _drain(self, sku: str, until: float) -> bool:
        """Fold what waits behind a letter that has had its end; tell whether nothing is left."""
        drain = partial(drain_some, rules=self._rules, sku=sku)
        while self._has_time(until):
            if not await self._writes.ask(drain, until):
                return True
        return False

    @staticmethod
    def _has_time(until: float) -> bool:
        return asyncio.get_running_loop().time() + _PAUSE_S < until
