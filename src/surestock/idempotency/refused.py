"""Refusals by key: they changed nothing, so they are remembered in memory only, and not many."""

from collections import OrderedDict

from surestock.idempotency.errors import IdempotencyConflict
from surestock.idempotency.key import IdempotencyKey
from surestock.kit.errors import Refusal


class RefusalMemory:
    """The last ``limit`` refusals that were given under an idempotency key."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._refused: OrderedDict[str, tuple[str, Refusal]] = OrderedDict()

    def remember(self, key: IdempotencyKey, refusal: Refusal) -> None:
        """Keep ``refusal`` as the answer to ``key``; the oldest goes when there are too many."""
        self._refused[key.digest] = (key.fingerprint, refusal)
        if len(self._refused) > self._limit:
            self._refused.popitem(last=False)

    def find(self, key: IdempotencyKey) -> Refusal | None:
        """Return the refusal that was the answer to ``key``, or None.

        Raises :class:`IdempotencyConflict` when the key was used for another payload.
        """
        found = self._refused.get(key.digest)
        if found is None:
            return None
        fingerprint, refusal = found
        if fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        return refusal
