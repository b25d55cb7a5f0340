"""``surestock keys``: who may use the API, and for what."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from surestock.access.scope import Scope
from surestock.cli.failing import plainly

keys = typer.Typer(no_args_is_help=True, help="Create, list and revoke API keys.")

KeyFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--file", envvar="API_KEYS_FILE", help="The file of the keys.", metavar="PATH"),
]


@keys.command()
def create(
    client: Annotated[
        str, typer.Option(help="Who gets the key. A client may have several.", metavar="NAME")
    ],
    scope: Annotated[list[Scope], typer.Option(help="What the key is for. May be repeated.")],
    *,
    store: Annotated[
        list[str] | None,
        typer.Option(
            help="A store that the key is limited to. May be repeated.", show_default="all stores"
        ),
    ] = None,
    note: Annotated[str | None, typer.Option(help="A line to remember it by.")] = None,
    file: KeyFile = None,
) -> None:
    """Make a key and print it, this once: the file holds a hash of it only.

    The key alone is on stdout, so it can go into a file. A running server takes it within seconds.
    Exit code 2: no key was made.
    """
    from surestock.cli.key_desk import create_key  # noqa: PLC0415 - help must be quick

    with plainly():
        create_key(file, client, scope, store or (), note)


@keys.command("list")
def list_keys(
    *,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, for other programs.")] = False,
    file: KeyFile = None,
) -> None:
    """Show every key that was ever made, without its secret. Exit code 2: the file is unusable."""
    from surestock.cli.key_desk import show_keys  # noqa: PLC0415 - help must be quick

    with plainly():
        show_keys(file, as_json=as_json)


@keys.command()
def revoke(
    key_id: Annotated[str, typer.Argument(metavar="ID", help="The key's id, as list shows it.")],
    *,
    file: KeyFile = None,
) -> None:
    """Revoke a key for good. A running server refuses it within seconds, without a restart.

    Exit code 2: nothing was revoked.
    """
    from surestock.cli.key_desk import revoke_one  # noqa: PLC0415 - help must be quick

    with plainly():
        revoke_one(file, key_id)
