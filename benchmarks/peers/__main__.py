"""``python -m benchmarks.peers NAME --port N [--database WHERE]``: serve one peer until SIGTERM."""

from typing import Annotated, Final, assert_never

import typer
import uvicorn
from fastapi import FastAPI

from benchmarks.peers import nothing, postgres, sqlite
from benchmarks.peers.names import Peer

_COMMAND: Final = typer.Typer(add_completion=False)


def _build(peer: Peer, database: str) -> FastAPI:
    match peer:
        case Peer.NOTHING:
            return nothing.build()
        case Peer.POSTGRES:
            return postgres.build(database)
        case Peer.SQLITE:
            return sqlite.build(database)
        case _:
            assert_never(peer)


@_COMMAND.command()
def serve(
    peer: Peer,
    port: Annotated[int, typer.Option()],
    database: Annotated[str, typer.Option()] = "",
) -> None:
    """Serve ``peer`` with uvicorn at its fastest: uvloop, httptools, no access log."""
    uvicorn.run(
        _build(peer, database),
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    _COMMAND()
