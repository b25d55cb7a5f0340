"""Tell everybody of a batch what became of his command."""

from collections.abc import Callable, Iterable

from msgspec import Raw

from surestock.engine.postgres.deciding import Verdicts
from surestock.engine.postgres.room import Room
from surestock.engine.postgres.transaction import Held, Tools
from surestock.engine.postgres.waiting import Waiting
from surestock.inventory.reply import Reply
from surestock.inventory.unavailable import LockHeld
from surestock.ledger.port import Outcome

_ANOTHER = "another process"
_NOTHING = Outcome(Reply(Raw(b"null")), 0)

Told = Callable[[int, int, str], None]
"""Is called with the first and the last sequence of a batch, and the id of its last record."""


class Answers:
    """Answers those in ``room``; ``told`` is called with each batch that is through."""

    def __init__(self, room: Room, tools: Tools, told: Told) -> None:
        self._room = room
        self._tools = tools
        self._told = told

    def settle(self, verdicts: Verdicts, outcomes: list[Outcome]) -> None:
        """Answer everybody of a batch that is committed, or had nothing to commit."""
        for key, refusal in verdicts.refused:
            self._tools.remembered.remember(key, refusal)
        if outcomes:
            last = verdicts.decided[-1]
            self._told(outcomes[0].sequence, outcomes[-1].sequence, last.record_id)
        for decided, outcome in zip(verdicts.decided, outcomes, strict=True):
            self._room.answer(decided.waiting, outcome)
        for waiting, told in verdicts.told:
            self._room.answer(waiting, told)
        for waiting in verdicts.idle:
            self._room.answer(waiting, _NOTHING)

    def refuse(self, held: Iterable[Held]) -> list[Waiting]:
        """Refuse commands whose rows another process has, if that is wanted; return the others.

        A row that a command would only look at is waited for in any case.
        """
        config = self._tools.config
        again = []
        for it in held:
            if config.fail_fast and it.is_changed:
                refusal = LockHeld("/".join(it.key), _ANOTHER, config.retry_after_s)
                self._room.answer(it.waiting, refusal)
            else:
                again.append(it.waiting)
        return again
