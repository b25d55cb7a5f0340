"""Who is measured: each contender's letter, its load, and how its server is started and filled."""

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmarks.client import cart_changes, count_rows, fill_catalog, last_sequence, send_rows
from benchmarks.errors import SetupError
from benchmarks.load import Load
from benchmarks.peers.names import Peer
from benchmarks.plan import Plan
from benchmarks.process import Server, free_port

_ROOT: Final = Path(__file__).parent.parent
_FILL_BATCH: Final = 1_000

Role = Literal["all", "api"]
"""The API with its sync worker, as in use, or the API process alone."""


@dataclass(frozen=True, slots=True)
class Books:
    """How a server is asked, by its port, for all it has committed; ``own`` is what asking adds."""

    ask: Callable[[int], int]
    own: int


BY_SEQUENCE: Final = Books(last_sequence, own=1)


@dataclass(frozen=True, slots=True)
class Contender:
    """One row of the comparison. ``durable``: what its ``books`` tell counts its commits."""

    letter: str
    title: str
    load: Load
    start: Callable[[Path], Server]
    durable: bool = True
    books: Books = BY_SEQUENCE


def surestock_executable() -> Path:
    """Return the ``surestock`` command of the environment that runs the benchmarks."""
    found = Path(sys.executable).with_name("surestock")
    if not found.exists():
        raise SetupError("The surestock command is missing beside this Python: run `make bench`.")
    return found


def start_surestock(
    directory: Path,
    role: Role = "all",
    settings: Mapping[str, str] | None = None,
    processes: int = 1,
) -> Server:
    """Start ``surestock serve`` on ``directory``, request log on, with so many API ``processes``.

    Its settings are the defaults, but for ``settings``.
    """
    directory.mkdir(exist_ok=True)
    port = free_port()
    environment = {
        "PATH": os.defpath,
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "ENGINE": "log",
        "DATA_DIR": str(directory / "data"),
        **(settings or {}),
    }
    command = [str(surestock_executable()), "serve", "--role", role]
    if processes > 1:
        command += ["--workers", str(processes)]
    return Server.start("surestock", command, environment, port, directory / "requests.log")


def start_filled_surestock(directory: Path, skus: int) -> Server:
    """Start Surestock and open ``skus`` SKUs."""
    server = start_surestock(directory)
    send_rows(server.port, count_rows(skus), _FILL_BATCH)
    return server


def start_cart_surestock(directory: Path, plan: Plan) -> Server:
    """Start Surestock with the products that the carts are filled with."""
    server = start_filled_surestock(directory, plan.skus)
    fill_catalog(server.port, plan.cart_skus)
    return server


def start_peer(peer: Peer, directory: Path, database: str = "") -> Server:
    """Start one of the peers; ``database`` says where its data is."""
    directory.mkdir(exist_ok=True)
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.peers", peer.value, "--port", str(port)]
    command += ["--database", database]
    environment = {"PATH": os.defpath, "PYTHONPATH": str(_ROOT)}
    return Server.start(peer.value, command, environment, port, directory / "output.log")


def cart_load(plan: Plan) -> Load:
    """Return what fills the carts."""
    return Load("cart", plan.cart_skus, users=plan.cart_users)


def surestock_contenders(plan: Plan) -> list[Contender]:
    """Return Surestock's rows: single reserves, one hot SKU, batches, carts; keys or none."""

    def over(skus: int) -> Callable[[Path], Server]:
        return lambda directory: start_filled_surestock(directory, skus)

    many, rows = plan.skus, plan.batch_rows
    return [
        Contender("b", f"durable reserve, {many:,} SKUs", Load("reserve", many), over(many)),
        Contender("b'", "the same without keys", Load("reserve", many, keyed=False), over(many)),
        Contender("c", "durable reserve, one SKU", Load("reserve", 1), over(1)),
        Contender("d", f"batches of {rows} reserves", Load("batch", many, rows=rows), over(many)),
        Contender(
            "d'", "the same without keys", Load("batch", many, keyed=False, rows=rows), over(many)
        ),
        Contender(
            "g",
            f"durable add to {plan.cart_users:,} carts",
            cart_load(plan),
            lambda directory: start_cart_surestock(directory, plan),
            # The mirrors commit as well, so the sequence tells more than the adds.
            books=Books(lambda port: cart_changes(port, plan.cart_users), own=0),
        ),
    ]
