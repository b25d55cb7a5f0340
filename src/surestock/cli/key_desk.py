"""What ``surestock keys`` does: a key on stdout, everything about it on stderr."""

from collections.abc import Sequence
from pathlib import Path

import typer
from msgspec import json
from rich.console import Console
from rich.table import Table

from surestock.access.changing import Grant, add_key, revoke_key
from surestock.access.key_file import StoredKey, read_keys
from surestock.access.scope import Scope
from surestock.cli.failing import IMPOSSIBLE, fail, tell
from surestock.kit.clock import SystemClock

_TIME = "%Y-%m-%d %H:%M:%SZ"


def create_key(
    file: Path | None, client: str, scopes: Sequence[Scope], stores: Sequence[str], note: str | None
) -> None:
    """Make a key and print it. Raises an error of ``access`` or ``OSError``."""
    path = _named(file)
    credential = add_key(path, Grant(client, scopes, stores, note), SystemClock().now())
    typer.echo(credential.text)
    tell(
        f"{client} may now use {', '.join(sorted(set(scopes)))} in "
        f"{', '.join(sorted(set(stores))) or 'all stores'}. This is the only time that the key is "
        f"shown; its id is {credential.key_id}, its hash is in {path}."
    )


def show_keys(file: Path | None, *, as_json: bool) -> None:
    """List the keys, oldest first. Raises ``KeysFileUnusable`` or ``OSError``."""
    keys = read_keys(_named(file))
    if as_json:
        typer.echo(json.format(json.encode([_public(key) for key in keys]), indent=2))
        return
    table = Table()
    for name in ("id", "client", "scopes", "stores", "created", "revoked", "note"):
        table.add_column(name, overflow="fold", no_wrap=name == "id")
    for key in keys:
        table.add_row(
            key.key_id,
            key.client,
            "\n".join(key.scopes),
            "all" if key.stores is None else "\n".join(key.stores),
            key.created_at.strftime(_TIME),
            "" if key.revoked_at is None else key.revoked_at.strftime(_TIME),
            key.note or "",
        )
    Console(markup=False, highlight=False).print(table)


def revoke_one(file: Path | None, key_id: str) -> None:
    """Revoke a key. Raises an error of ``access`` or ``OSError``."""
    revoked = revoke_key(_named(file), key_id, SystemClock().now())
    tell(f"the key {key_id} of {revoked.client} is revoked, since {revoked.revoked_at:{_TIME}}.")


def _public(key: StoredKey) -> dict[str, object]:
    return {
        "id": key.key_id,
        "client": key.client,
        "scopes": key.scopes,
        "stores": key.stores,
        "createdAt": key.created_at,
        "revokedAt": key.revoked_at,
        "note": key.note,
    }


def _named(file: Path | None) -> Path:
    if file is None:
        fail("Say where the keys are: --file PATH, or API_KEYS_FILE.", IMPOSSIBLE)
    return file
