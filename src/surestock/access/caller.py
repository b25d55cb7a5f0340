"""Whoever sends a request, once the key is known."""

from msgspec import Struct


class Caller(Struct, frozen=True):
    """An API client: its name, what it may do, and in which stores (None: in all of them).

    Several keys may belong to one client, so that a key can be replaced without a pause; its
    idempotency keys and its rate limit are the client's.
    """

    client: str
    key_id: str
    scopes: frozenset[str]
    stores: frozenset[str] | None = None
