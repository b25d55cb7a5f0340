"""The commands, by name. Each module imports what it needs when it runs, so that help is quick."""

import typer

from surestock.cli.export import export
from surestock.cli.history import history
from surestock.cli.importing import import_counts
from surestock.cli.keys import keys
from surestock.cli.migrating import migrate
from surestock.cli.moving import move
from surestock.cli.openapi import openapi
from surestock.cli.serve import serve
from surestock.cli.upkeep import upkeep
from surestock.cli.verify import verify

app = typer.Typer(
    name="surestock",
    help="A consistency-first inventory service on an embedded JSON event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(serve)
app.command()(upkeep)
app.command()(verify)
app.command("import")(import_counts)
app.command()(export)
app.command()(history)
app.command()(migrate)
app.command()(move)
app.command()(openapi)
app.add_typer(keys, name="keys")


def main() -> None:
    """Run the command that the arguments name."""
    app()
