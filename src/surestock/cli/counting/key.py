"""The name of one row's try: the same file and line always have the same, so a row counts once.

It is bound to the scope that the batch endpoint gives it, so that an import which began offline
can go on over HTTP, and the other way round.
"""

from surestock.api.call import ANONYMOUS
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.commands import CountStock

BATCH_PATH = "/inventory/batch"


def key_prefix(digest: str) -> str:
    """Return how the key of every row starts in the file whose content has ``digest``."""
    return f"import:{digest}:"


def row_key(prefix: str, line: int, count: CountStock) -> IdempotencyKey:
    """Return the key of the row on ``line``."""
    return _named(prefix, line, fingerprint_of(count))


def row_digest(prefix: str, line: int) -> str:
    """Return the digest of the row's key, which does not depend on what the row says."""
    return _named(prefix, line, "").digest


def _named(prefix: str, line: int, fingerprint: str) -> IdempotencyKey:
    return make_key(ANONYMOUS, "POST", BATCH_PATH, f"{prefix}{line}", fingerprint)
