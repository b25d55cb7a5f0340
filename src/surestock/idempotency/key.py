"""The client's name for a try, and the hash of what it asked for."""

from hashlib import blake2b

from msgspec import Struct, json

_DIGEST_BYTES = 16
_ROW_DIGITS = 8
_encode = json.Encoder(order="deterministic").encode


class IdempotencyKey(Struct, frozen=True, gc=False, rename="camel", omit_defaults=True):
    """A key within its scope.

    ``digest`` hashes the scope (client, method, path) and the key: 32 hexadecimal digits.
    ``fingerprint`` hashes the meaning of the payload, so that member order, spacing and spelled-out
    defaults make no difference. ``batch`` is the digest of the whole batch's key, when this key
    was derived from it for one row.
    """

    key: str
    digest: str
    fingerprint: str
    batch: str | None = None


def make_key(client: str, method: str, path: str, key: str, fingerprint: str) -> IdempotencyKey:
    """Bind ``key`` to its scope. The parts cannot run into each other: none contains a NUL."""
    scope = f"{client}\x00{method}\x00{path}\x00{key}".encode()
    return IdempotencyKey(key, blake2b(scope, digest_size=_DIGEST_BYTES).hexdigest(), fingerprint)


def row_key(batch: IdempotencyKey, row: int) -> IdempotencyKey:
    """Derive the key of one row, counted from 0, from the key that was given for a whole batch.

    The row's number takes the place of the digest's last 32 bits: the 96 bits that are left still
    tell batches apart.
    """
    digest = f"{batch.digest[:-_ROW_DIGITS]}{row:0{_ROW_DIGITS}x}"
    return IdempotencyKey(batch.key, digest, batch.fingerprint, batch.digest)


def fingerprint_of(payload: object) -> str:
    """Hash a validated payload (msgspec structs, dataclasses or JSON values): 32 hex digits."""
    return blake2b(_encode(payload), digest_size=_DIGEST_BYTES).hexdigest()
