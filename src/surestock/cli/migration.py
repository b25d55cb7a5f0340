"""Migrations, applied and told one by one."""

import asyncio

import typer

from surestock.cli.database_url import at_database
from surestock.database import DatabaseConfig, Migration
from surestock.runtime.moving import migrate_database


def migrate_tables(url: str) -> None:
    """Apply what the database at ``url`` lacks, or end the command."""
    count = 0

    def applied(step: Migration) -> None:
        nonlocal count
        count += 1
        typer.echo(f"applied {step}")

    with at_database(url):
        asyncio.run(migrate_database(url, applied))
    place = DatabaseConfig(url).place()
    if count:
        typer.echo(f"{place} is up to date.")
    else:
        typer.echo(f"{place} is up to date: there was nothing to do.")
