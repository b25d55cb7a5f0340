"""Which users' carts are to be looked at, and when. Pure: it is told the time, and starts nothing.

A change of a cart passes here, on its way back to the client: to note one costs a look into two
dictionaries, whether there are ten carts or a million.
"""

from collections import OrderedDict
from heapq import heapify, heappop, heappush

_FEW_NOTES = 64


class Agenda:
    """Users that are due ``delay_s`` after a change, or at a time of their own. Each once.

    A user who becomes due while he is under way comes once more afterwards, and only once.
    """

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        # All wait equally long, so the order of their coming is that of their time.
        self._changed: OrderedDict[str, float] = OrderedDict()
        self._later: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        self._under_way: set[str] = set()
        self._again: set[str] = set()

    def __len__(self) -> int:
        """Return how many wait. Who waits for two reasons counts twice."""
        return len(self._changed) + len(self._later) + len(self._again)

    def knows(self, user_id: str) -> bool:
        """Tell whether the user waits, or is under way."""
        return (
            user_id in self._changed
            or user_id in self._later
            or user_id in self._under_way
            or user_id in self._again
        )

    def changed(self, user_id: str, now: float) -> bool:
        """Note a change; tell whether it is the only one, so that nobody watches for it yet."""
        changed = self._changed
        if user_id in changed or user_id in self._again:
            return False
        changed[user_id] = now + self._delay_s
        return len(changed) == 1

    def later(self, user_id: str, due: float) -> None:
        """Note that the user is due at a time, in place of an earlier such note."""
        if self._later.get(user_id) != due:
            self._later[user_id] = due
            heappush(self._heap, (due, user_id))
            if len(self._heap) > 2 * len(self._later) + _FEW_NOTES:
                # Most of them were replaced, and one that is due before them keeps them there.
                self._heap = [(at, who) for who, at in self._later.items()]
                heapify(self._heap)

    def next_at(self) -> float:
        """Return when somebody is due; infinity when nobody is."""
        first = next(iter(self._changed.values()), float("inf"))
        self._drop_outdated()
        return min(first, self._heap[0][0]) if self._heap else first

    def try_take(self, now: float) -> str | None:
        """Return a user who is due and now under way, or None. :meth:`ended` has to follow."""
        while self._changed:
            user_id, due = next(iter(self._changed.items()))
            if due > now:
                break
            del self._changed[user_id]
            if self._begin(user_id):
                return user_id
        while True:
            self._drop_outdated()
            if not self._heap or self._heap[0][0] > now:
                return None
            _, user_id = heappop(self._heap)
            if self._begin(user_id):
                return user_id

    def ended(self, user_id: str, now: float, again_at: float | None) -> None:
        """Note that a user is not under way any more, and is due at ``again_at``.

        Who became due meanwhile is due now.
        """
        self._under_way.discard(user_id)
        if user_id in self._again:
            self._again.discard(user_id)
            self.later(user_id, now)
        elif again_at is not None:
            self.later(user_id, again_at)

    def nobody_under_way(self, now: float) -> None:
        """Note that all who are under way were given up, and are due now."""
        for user_id in tuple(self._under_way):
            self.ended(user_id, now, now)

    def _begin(self, user_id: str) -> bool:
        """Take a user under way; one who is so already is due again when that has ended."""
        self._later.pop(user_id, None)
        if user_id in self._under_way:
            self._again.add(user_id)
            return False
        self._under_way.add(user_id)
        return True

    def _drop_outdated(self) -> None:
        """Drop notes from the top of the heap that a newer one replaced."""
        heap = self._heap
        while heap and self._later.get(heap[0][1]) != heap[0][0]:
            heappop(heap)
