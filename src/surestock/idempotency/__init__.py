"""A client may send a command twice; it happens once, and both get the same answer."""

from surestock.idempotency.errors import IdempotencyConflict, IdempotencyInFlight
from surestock.idempotency.index import KeyIndex, NoKeys
from surestock.idempotency.key import IdempotencyKey, fingerprint_of, make_key, row_key
from surestock.idempotency.refused import RefusalMemory

__all__ = [
    "IdempotencyConflict",
    "IdempotencyInFlight",
    "IdempotencyKey",
    "KeyIndex",
    "NoKeys",
    "RefusalMemory",
    "fingerprint_of",
    "make_key",
    "row_key",
]
