"""``surestock upkeep``: index, snapshot and archive what the log has sealed."""

import sys

import typer
from msgspec import json

from surestock.cli.failing import plainly, tell
from surestock.cli.place import DataDir


def upkeep(*, data_dir: DataDir = None) -> None:
    """Do once what the worker has done whenever a segment of the log is sealed.

    It may run beside a server. Sealed segments are indexed, a snapshot is taken when it is due,
    and segments that two snapshots cover go to the archive. What was done is printed as JSON. Exit
    code 1: the log is damaged. 2: there is none, or another upkeep is at work.
    """
    from surestock.runtime.upkeep import run_upkeep  # noqa: PLC0415 - help must be quick

    with plainly():
        # Somebody who watches sees each step; a worker only wants the result.
        told = tell if sys.stderr.isatty() else lambda _: None
        typer.echo(json.encode(run_upkeep(data_dir, told)).decode())
