"""The keys of one moment: who sends a request is found in time that tells nothing about the keys.

The id is looked up, which anybody may know; the secret is compared by its hash, in constant time.
An id that nobody has, and a key that was revoked, cost the same single comparison.
"""

from collections.abc import Iterable
from hashlib import sha256
from hmac import compare_digest

from surestock.access.caller import Caller
from surestock.access.credential import parts_of
from surestock.access.key_file import StoredKey

_NOBODY: tuple[bytes, Caller | None] = (bytes(32), None)


class KeyRing:
    """Immutable: a change of the keys is another ring."""

    __slots__ = ("_entries", "valid")

    def __init__(self, keys: Iterable[StoredKey]) -> None:
        self._entries = {
            key.key_id.encode("ascii"): (bytes.fromhex(key.sha256), _caller(key)) for key in keys
        }
        self.valid = sum(caller is not None for _, caller in self._entries.values())

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        """Return who sends this ``Authorization`` header, or None when that is nobody."""
        parts = None if authorization is None else parts_of(authorization)
        if parts is None:
            return None
        key_id, secret = parts
        digest, caller = self._entries.get(key_id, _NOBODY)
        return caller if compare_digest(sha256(secret).digest(), digest) else None

    def is_valid(self, caller: Caller) -> bool:
        """Tell whether the key of ``caller`` still stands, for what it stood for."""
        return self._entries.get(caller.key_id.encode("ascii"), _NOBODY)[1] == caller


def _caller(key: StoredKey) -> Caller | None:
    if key.revoked_at is not None:
        return None
    stores = None if key.stores is None else frozenset(key.stores)
    return Caller(key.client, key.key_id, frozenset(scope.value for scope in key.scopes), stores)
