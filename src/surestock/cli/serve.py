"""``surestock serve``: run the service, or one of its two parts."""

from enum import StrEnum
from typing import Annotated

import typer


class Role(StrEnum):
    """What a process is to do."""

    ALL = "all"
    API = "api"
    WORKER = "worker"


def serve(
    role: Annotated[
        Role,
        typer.Option(
            help="api: the API alone. worker: the sync worker alone. all: the API, and "
            "the worker as its child."
        ),
    ] = Role.ALL,
    *,
    supervised: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Serve the API. Its settings are environment variables: PORT, HOST, ENGINE, DATA_DIR, …."""
    # The worker must not pay for the web framework, nor help for either.
    if role is Role.WORKER:
        from surestock.runtime.work import work  # noqa: PLC0415

        raise typer.Exit(work(supervised=supervised))
    from surestock.runtime.serve import serve as run  # noqa: PLC0415

    raise typer.Exit(run(with_worker=role is Role.ALL))
