"""A COMMIT that is cut off, held back or frozen: each command happens once, or is said not to.

A client with a key asks, at any process, until it is told. A client without one asks once, and what
it is told has to be so: that it is done, that it is not, or that nobody knows.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import count

import pytest

from tests.proof.commit_blows import DECK, FROZEN, QUICK_DECK, CommitBlows
from tests.proof.crowd import adjust, opening
from tests.proof.figures import Figures
from tests.proof.http_client import Connection, Reply, Unanswered
from tests.proof.ledger import Ledger, Operation
from tests.proof.patient import Patient
from tests.proof.several import Several
from tests.proof.shop import Shop
from tests.real.proxy import Proxy, proxy_to

_SKUS = 5
_CLIENTS = 24
_NEW_EVERY = 8
_RANDOM_CUTS = 0.002
_LOOK_EVERY_S = 0.02
_NOT_DONE = {"DatabaseUnavailable", "CircuitOpen", "Overloaded"}
_LONG = 1_000
_SOON_S = (0.2, 4.0)
_FEW = 6
_COUNTS = [
    (50, 20),
    pytest.param(1_500, 500, marks=[pytest.mark.prove, pytest.mark.timeout(900)]),
]


@dataclass
class Commits:
    """Clients with keys and without at ``several``, whose database is behind ``proxy``.

    ``keyless`` has what was told to each of those that have none, by its marker.
    """

    shop: Shop
    several: Several
    proxy: Proxy
    blows: CommitBlows
    crowd: Patient
    keyless: dict[str, Reply | None] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    lost: int = 0
    doubles: int = 0

    async def play(self, keys: int, keyless: int) -> None:
        """Have all of it carried out, while COMMITs suffer; then judge."""
        for number in range(_SKUS):
            await self.crowd.settle(opening(10_000, f"sku-{number}"))
            await self.crowd.settle(opening(10_000, f"loose-{number}"))
        over = asyncio.Event()
        self.proxy.at_commit = self.blows
        self.proxy.cut_randomly(_RANDOM_CUTS, random.Random(keys))
        async with asyncio.TaskGroup() as group:
            group.create_task(self._let_go(over))
            await asyncio.gather(
                self.crowd.run(self._keyed(keys), _CLIENTS), self._ask_once_each(keyless)
            )
            await self._have_all_struck()
            over.set()
        self.proxy.at_commit = None
        self.proxy.heal()
        self.shop.cluster.thaw()
        await self.crowd.settle(adjust("last", 1, "sku-0"))
        await asyncio.to_thread(self.judge)

    async def _let_go(self, over: asyncio.Event) -> None:
        while not over.is_set():
            await asyncio.to_thread(self.blows.let_go)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _have_all_struck(self) -> None:
        """Send more, one by one, until each blow has fallen: large batches need few COMMITs."""
        more = count()
        while not all(self.blows.struck[blow] > 0 for blow in self.blows.deck):
            await self.crowd.settle(adjust(f"more-{next(more)}", 1, "sku-0"))

    def _keyed(self, keys: int) -> Iterator[Operation]:
        """Yield changes of few levels, and levels that are new: there is no row to be locked."""
        for it in range(keys):
            if it % _NEW_EVERY:
                yield adjust(f"keyed-{it}", self._delta(), f"sku-{it % _SKUS}")
            else:
                yield opening(it, f"new-{it}")

    async def _ask_once_each(self, keyless: int) -> None:
        made = iter([adjust(f"loose-{it}", self._delta(), f"loose-{it % _SKUS}")
                     for it in range(keyless)])  # fmt: skip

        async def client() -> None:
            for operation in made:
                self.keyless[operation.marker] = await self._ask_once(operation)

        await asyncio.gather(*(client() for _ in range(_CLIENTS // 3)))

    async def _ask_once(self, operation: Operation) -> Reply | None:
        try:
            async with Connection(self.several.port) as connection:
                body = operation.encoded()
                return await connection.request(operation.method, operation.path, body)
        except Unanswered:
            return None

    def _delta(self) -> int:
        return self.several.dice.choice((-3, -2, -1, 1, 2, 3))

    def judge(self) -> None:
        """Compare what was told with the table of records."""
        at: dict[str, list[int]] = {}
        for record in self.shop.records():
            for event in record["events"]:
                marker = str(event.get("reference") or event.get("reason"))
                at.setdefault(marker, []).append(record["sequence"])
        self.doubles = sum(len(sequences) - 1 for sequences in at.values())
        operations = self.crowd.ledger.operations
        for marker, operation in operations.items():
            if not operation.is_acknowledged or operation.sequence not in at.get(marker, []):
                self.lost += 1
                self.faults.append(f"{marker}: told {operation.reply}, on record {at.get(marker)}")
        for marker, reply in self.keyless.items():
            self._judge_keyless(marker, reply, at.get(marker, []))
        unknown = at.keys() - operations.keys() - self.keyless.keys()
        self.faults += [f"{marker} was never sent" for marker in unknown]
        self.faults += [f"{it} is on record {len(at[it])} times" for it in at if len(at[it]) > 1]

    def _judge_keyless(self, marker: str, reply: Reply | None, at: list[int]) -> None:
        if reply is None:
            self.faults.append(f"{marker} was not answered")
        elif reply.is_success:
            if int(reply.headers["x-commit-sequence"]) not in at:
                self.lost += 1
                self.faults.append(f"{marker} was acknowledged, on record {at}")
        elif reply.json()["error"] in _NOT_DONE:
            if at:
                self.faults.append(f"{marker} was told {reply.json()['error']}, on record {at}")
        elif reply.json()["error"] != "OutcomeUnknown":
            self.faults.append(f"{marker} got {reply}")

    def listed(self) -> str:
        """Return in words what those without a key were told."""
        told = Counter(_kind(reply) for reply in self.keyless.values())
        return ", ".join(f"{kind} {count}" for kind, count in sorted(told.items()))


def _kind(reply: Reply | None) -> str:
    if reply is None:
        return "no answer"
    return "done" if reply.is_success else str(reply.json()["error"])


def _played(shop: Shop, blows: CommitBlows, keys: int, keyless: int, tooth: str = "") -> Commits:
    dice = random.Random(keys)
    shop.let_commits_take_their_time()
    with proxy_to(shop.cluster.port) as proxy:
        through = replace(shop, url=proxy.url(shop.database))
        several = through.several(dice, 3, (tooth or None,) * 3)
        several.begin()
        crowd = Patient(lambda: several.port, Ledger(), dice, within_s=500)
        commits = Commits(shop, several, proxy, blows, crowd)
        asyncio.run(commits.play(keys, keyless))
        assert several.end() == [0] * 3
    return commits


@pytest.mark.parametrize(("keys", "keyless"), _COUNTS)
def test_a_command_whose_commit_is_struck_happens_once_or_is_said_not_to(
    shop: Shop, figures: Figures, keys: int, keyless: int
) -> None:
    blows = CommitBlows(shop.cluster, random.Random(keys))
    if keys < _LONG:
        blows.deck, blows.lets_go_s = QUICK_DECK, _SOON_S
        blows.most = sum(QUICK_DECK.values())
    commits = _played(shop, blows, keys, keyless)
    crowd = commits.crowd
    assert commits.faults == []
    assert crowd.faults == []
    assert (commits.lost, commits.doubles) == (0, 0)
    assert all(blows.struck[blow] > 0 for blow in DECK)
    shop.require_sound()
    figures.add(
        "a command whose COMMIT is in doubt happens once",
        f"{keys:,} keys and {keyless} commands without one at 3 processes; COMMITs: "
        + ", ".join(f"{blow} {count}" for blow, count in sorted(blows.struck.items())),
        f"doubles {commits.doubles}, lost {commits.lost}; with a key, in all: {crowd.listed()}, "
        f"longest answer {crowd.longest_s:.1f} s; without, once each: {commits.listed()}",
    )


@pytest.mark.parametrize(
    ("tooth", "keys", "keyless", "lets_go_s"),
    [("no-key-rows", 16, 0, (5.5, 7.5)), ("hasty-doubt", 0, 16, (3.6, 4.2))],
    ids=["no-key-rows", "hasty-doubt"],
)
def test_the_proof_catches_a_command_that_happens_twice(
    newest_shop: Shop,
    figures: Figures,
    tooth: str,
    keys: int,
    keyless: int,
    lets_go_s: tuple[float, float],
) -> None:
    """One knows no keys. One takes for undone what is not there, while it may be coming."""
    blows = CommitBlows(newest_shop.cluster, random.Random(1), FROZEN, lets_go_s, _FEW)
    commits = _played(newest_shop, blows, keys, keyless, tooth)
    assert commits.doubles + len(commits.faults) > 0
    figures.add(f"tooth: {tooth}", "backends frozen in a COMMIT", commits.faults[0])
