"""The field of one run: every contender that was asked for, its server running and filled.

All servers stay up for the whole run, idle while another is measured, so that the rounds can
interleave them. Each Surestock row has a server of its own: what one load leaves in memory must
not weigh on the next.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contender import Contender, cart_load, start_peer, surestock_contenders
from benchmarks.fill import fill_sqlite
from benchmarks.load import Load
from benchmarks.on_postgres import engine_contenders, textbook_contenders
from benchmarks.peers.names import Peer
from benchmarks.plan import Plan
from benchmarks.process import Server
from benchmarks.sharing import sharing_contenders


@dataclass(frozen=True, slots=True)
class Entry:
    """A contender and its running server."""

    contender: Contender
    server: Server


def _peer_contenders(plan: Plan) -> list[Contender]:
    load = Load("reserve", plan.skus)

    def nothing(directory: Path) -> Server:
        return start_peer(Peer.NOTHING, directory)

    def sqlite(directory: Path) -> Server:
        directory.mkdir()
        database = directory / "peer.sqlite"
        fill_sqlite(database, plan.skus)
        return start_peer(Peer.SQLITE, directory, str(database))

    return [
        Contender("a", "typed FastAPI endpoint that does nothing", load, nothing, durable=False),
        Contender(
            "a'", "the same with carts, nothing again", cart_load(plan), nothing, durable=False
        ),
        Contender("f", "FastAPI + SQLite, synchronous=FULL", load, sqlite),
    ]


@contextmanager
def open_field(
    plan: Plan, chosen: frozenset[str], scratch: Path, tell: Callable[[str], None]
) -> Iterator[list[Entry]]:
    """Start and fill the contenders whose letters are in ``chosen``; end them all after.

    A letter brings its variants along, as ``d`` does ``d'``. ``tell`` hears what goes on.
    """
    with ExitStack() as stack:
        every = _peer_contenders(plan) + surestock_contenders(plan)
        every += sharing_contenders(plan) + textbook_contenders(plan, stack, scratch)
        every += engine_contenders(plan, stack, scratch)
        entries: list[Entry] = []
        for contender in sorted(every, key=lambda each: each.letter):
            if contender.letter[0] in chosen:
                tell(f"starting ({contender.letter}) {contender.title}")
                server = contender.start(scratch / f"contender-{len(entries)}")
                stack.callback(server.stop)
                entries.append(Entry(contender, server))
        yield entries
