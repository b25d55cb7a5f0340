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
        """Keep ``refusal`` as the answer to ``key``; the oldest goes when there are too many.

        For a row, the key of its batch is kept too: it is bound to the same fingerprint.
        """
        answer = (key.fingerprint, _bare(refusal))
        self._refused[key.digest] = answer
        if key.batch is not None:
            self._refused[key.batch] = answer
        while len(self._refused) > self._limit:
            self._refused.popitem(last=False)

    def holds(self, digest: str) -> bool:
        """Tell whether the answer to the key with this digest was a refusal."""
        return digest in self._refused

    def find(self, key: IdempotencyKey) -> Refusal | None:
        """Return a copy of the refusal that was the answer to ``key``, or None.

        Raises :class:`IdempotencyConflict` when the key was used for another payload.
        """
        found = self._refused.get(key.digest)
        if found is None:
            return None
        fingerprint, refusal = found
        if fingerprint != key.fingerprint:
            raise IdempotencyConflict(key.key)
        return _bare(refusal)


def _bare(refusal: Refusal) -> Refusal:
    """Copy a refusal without its traceback.

    A traceback keeps the frames of the request that was refused, with all their locals, and grows
    each time the same exception is raised again.
    """
    copy = type(refusal).__new__(type(refusal), *refusal.args)
    copy.__dict__.update(refusal.__dict__)
    return copy
