"""Keys to try things with, and a file that holds them."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from surestock.access.credential import Credential, draw_credential
from surestock.access.key_file import StoredKey, encode_keys
from surestock.access.scope import Scope

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)


def drawn(
    client: str = "till",
    scopes: Sequence[Scope] = (Scope.INVENTORY_READ,),
    stores: tuple[str, ...] | None = None,
    revoked_at: datetime | None = None,
) -> tuple[Credential, StoredKey]:
    """Return a new key, as its client and as the file have it."""
    credential = draw_credential()
    key_id, sha256 = credential.key_id, credential.sha256
    stored = StoredKey(key_id, client, sha256, tuple(scopes), stores, NOW, revoked_at)
    return credential, stored


def header(credential: Credential) -> bytes:
    """Return the value of ``Authorization`` that brings the key."""
    return b"Bearer " + credential.text.encode()


def write(path: Path, *keys: StoredKey) -> None:
    """Put a file of ``keys`` in the place of ``path``, as ``surestock keys`` does."""
    new = path.with_name("new")
    new.touch(0o600)
    new.write_bytes(encode_keys(keys))
    new.replace(path)
