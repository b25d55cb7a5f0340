"""``surestock serve``: run the service, or one of its two parts."""

from enum import StrEnum
from typing import Annotated

import typer

from surestock.cli.failing import IMPOSSIBLE, fail


class Role(StrEnum):
    """What a process is to do."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


_Told = Annotated[int, typer.Option(hidden=True)]


def serve(
    role: Annotated[
        Role,
        typer.Option(
            help="api: the API alone. worker: the sync worker alone. all: the API, and "
            "the worker as its child."
        ),
    ] = Role.ALL,
    workers: Annotated[
        int,
        typer.Option(
            min=1,
            max=64,
            help="How many API processes share the port. More than one on a data directory "
            "need LOCKS_ENABLED=true.",
        ),
    ] = 1,
    *,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
    slot: _Told = 0,
    slots: _Told = 1,
    listener: _Told = -1,
    board: _Told = -1,
) -> None:
    """Serve the API. Its settings are environment variables: PORT, HOST, ENGINE, DATA_DIR, …."""
    # Neither the worker nor a parent must pay for the web framework, nor help for anything.
    if role is Role.WORKER:
        if workers > 1:
            fail("--workers is about API processes; a sync worker is one process.", IMPOSSIBLE)
        from surestock.runtime.work import work  # noqa: PLC0415

        raise typer.Exit(work(supervised=supervised))
    if workers > 1:
        from surestock.runtime.fleet.serve import serve_fleet  # noqa: PLC0415

        raise typer.Exit(serve_fleet(workers, with_worker=role is Role.ALL))
    if supervised:
        from surestock.runtime.fleet.seat import Seat  # noqa: PLC0415
        from surestock.runtime.serve import serve_as_member  # noqa: PLC0415

        raise typer.Exit(serve_as_member(Seat(slot, slots), listener, board))
    from surestock.runtime.serve import serve as run  # noqa: PLC0415

    raise typer.Exit(run(with_worker=role is Role.ALL))
