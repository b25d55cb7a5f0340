"""Finds a command that was carried out twice: two records under one idempotency key."""

from datetime import datetime, timedelta

from surestock.idempotency import KeyIndex
from surestock.inventory.invariants import InvariantViolation


class UniqueKeys(KeyIndex):
    """A key index to replay into, which refuses a key that comes again within ``ttl``.

    It remembers when each key was answered, for one to two times ``ttl``, and nothing else.
    """

    def __init__(self, ttl: timedelta) -> None:
        super().__init__(ttl)
        self._ttl_s = ttl.total_seconds()
        self._answered: dict[bytes, float] = {}
        self._earlier: dict[bytes, float] = {}
        self._since = 0.0
        self._sequence = 0

    def add(self, digest: str, sequence: int, at: datetime) -> None:
        """Remember that ``digest`` was answered. Raises :class:`InvariantViolation`.

        The key of a whole batch follows the row's own one with the same sequence. It comes with
        every row of the batch, and so is not looked at.
        """
        if sequence == self._sequence:
            return
        self._sequence = sequence
        now = at.timestamp()
        if now - self._since >= self._ttl_s:
            self._earlier, self._answered, self._since = self._answered, {}, now
        raw = bytes.fromhex(digest)
        answered = self._answered.get(raw) or self._earlier.get(raw)
        if answered is not None and now - answered < self._ttl_s:
            msg = (
                f"record {sequence} repeats an idempotency key that was answered "
                f"{now - answered:.3f} s before"
            )
            raise InvariantViolation(msg)
        self._answered[raw] = now
