"""A token bucket for each client, for no more clients than there is memory for."""

from collections import OrderedDict

from surestock.resilience.bucket import RateLimit, TokenBucket

_MOST_CLIENTS = 10_000


class Buckets:
    """Keeps the buckets of the clients that came last.

    The one that was used longest ago makes place for a new one. It is almost always full by then,
    and a full one says nothing that a new one does not.

    An attacker who comes from n addresses has n times the limit, and from more than are kept, none.
    To refuse newcomers instead would let that attacker lock everybody out; so this holds back
    single clients, and the bulkhead all of them together.
    """

    def __init__(self, limit: RateLimit, most: int = _MOST_CLIENTS) -> None:
        self._limit = limit
        self._most = most
        self._by_client: OrderedDict[str, TokenBucket] = OrderedDict()

    def __len__(self) -> int:
        return len(self._by_client)

    def of(self, client: str, now: float) -> TokenBucket:
        """Return the bucket of ``client``, a full one when it is not known."""
        buckets = self._by_client
        bucket = buckets.get(client)
        if bucket is None:
            if len(buckets) >= self._most:
                buckets.popitem(last=False)
            bucket = buckets[client] = TokenBucket(self._limit, now)
        else:
            buckets.move_to_end(client)
        return bucket
