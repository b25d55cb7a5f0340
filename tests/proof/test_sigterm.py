"""SIGTERM in the middle of 64 clients: who was accepted is answered, and it ends with 0."""

import asyncio
import os
import signal
import time
from asyncio import IncompleteReadError
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from surestock.journal.errors import JournalHeld
from surestock.journal.hold import JournalHold
from surestock.sync.checkpoint import read_checkpoint
from tests.proof.audit import Verdict
from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection, Unanswered
from tests.proof.ledger import Operation
from tests.proof.load import Load

_ROUNDS = [3, pytest.param(50, marks=[pytest.mark.prove, pytest.mark.timeout(1200)])]
_UNTIL_IT_IS_GONE = 1_000_000_000
_TRIES = 12
_STARTS_WITHIN_S = 60
_LOOK_EVERY_S = 0.02


@dataclass
class Watched(Load):
    """Clients that go on until they lose the server. ``halves`` counts answers without an end."""

    halves: list[Operation] = field(default_factory=list)
    by_status: Counter[int] = field(default_factory=Counter)

    async def send(self, connection: Connection, operation: Operation) -> None:
        """Send one operation, and look how it ended."""
        try:
            await super().send(connection, operation)
        except Unanswered as lost:
            if _is_half(lost.__cause__):
                self.halves.append(operation)
            raise
        if self.attacked and operation.reply is not None:
            self.by_status[operation.reply.status] += 1


def _is_half(cause: BaseException | None) -> bool:
    """Tell whether an answer had begun: of its head some bytes were there, or all of it."""
    return isinstance(cause, IncompleteReadError) and bool(cause.partial or cause.expected)


@dataclass
class Ended(Campaign):
    """A campaign of ends.

    ``cut`` counts requests that were carried out and not answered, ``halves`` answers without an
    end, ``told_no`` requests that were told that it shuts down, ``left_behind`` what outlived the
    process.
    """

    cut: int = 0
    halves: int = 0
    told_no: int = 0
    left_behind: int = 0
    codes: Counter[int] = field(default_factory=Counter)

    def end(self, number: signal.Signals, send: Callable[[int, int], None] = os.kill) -> None:
        """Send a signal under load, at a random moment, and wait for the end."""
        pid = self.server.running.pid
        worker = _child_of(pid)
        load = Watched(
            self.server.port,
            self.ledger,
            self.workload,
            self.clients,
            after_attack=_UNTIL_IT_IS_GONE,
        )
        goal = self.dice.randint(20, 800)
        asyncio.run(load.run_until(goal, lambda: send(pid, number), lambda: None))
        self.codes[self.server.await_exit()] += 1
        self.left_behind += _is_alive(worker) + _is_held(self.server.data_dir)
        self.halves += len(load.halves)
        self.told_no += load.by_status[503]

    def judge_cut(self) -> Verdict:
        """Ask the server, which runs again, what became of the requests without an answer."""
        unanswered = [each.marker for each in self.ledger.unanswered()]
        verdict = self.judge()
        self.cut += sum(marker in self.audit.sequence_of for marker in unanswered)
        return verdict


def _child_of(pid: int) -> int:
    """Return the process id of a server's sync worker, once it runs."""
    children = Path(f"/proc/{pid}/task/{pid}/children")
    deadline = time.monotonic() + _STARTS_WITHIN_S
    while not (found := children.read_text().split()):
        assert time.monotonic() < deadline, "no worker runs"
        time.sleep(_LOOK_EVERY_S)
    return int(found[0])


def _is_alive(pid: int) -> bool:
    """Tell whether a process runs: it is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def _is_held(data_dir: Path) -> bool:
    """Tell whether somebody still holds the log, or the place of the worker."""
    try:
        for owner in data_dir.glob("*/owner"):
            JournalHold(owner.parent).close()
    except JournalHeld:
        return True
    return False


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_a_signal_at_any_moment_ends_it_with_every_accepted_request_answered(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    campaign = Ended(make_server(settings={"SEGMENT_BYTES": "100000"}), seed=rounds)
    campaign.server.start()
    campaign.open_levels()
    for number in range(rounds):
        campaign.end(
            signal.SIGINT if number % 3 == 1 else signal.SIGTERM,
            os.killpg if number % 2 else os.kill,
        )
        campaign.server.start()
        campaign.judge_cut().require_clean()
        campaign.settle()
        campaign.ask_again()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    campaign.judge_central().require_clean()
    assert campaign.codes == {0: rounds}
    assert (campaign.cut, campaign.halves, campaign.left_behind) == (0, 0, 0)
    assert campaign.differing == 0
    assert campaign.retried > 0
    figures.add(
        "who was accepted is answered before the end, which is 0",
        f"SIGTERM or SIGINT under {campaign.clients} clients, {rounds} rounds, one data directory",
        f"exits 0: {campaign.codes[0]}, {verdict}, carried out and not answered {campaign.cut}, "
        f"half answers {campaign.halves}, told 503 {campaign.told_no}, retried {campaign.retried}, "
        f"left behind {campaign.left_behind}",
    )


def test_a_worker_is_told_the_end_of_the_log_by_a_server_that_ends(
    make_server: Fleet,
) -> None:
    campaign = Ended(make_server(settings={"SYNC_INTERVAL_MS": "86400000"}), seed=5)
    campaign.server.start()
    campaign.open_levels()
    campaign.end(signal.SIGTERM)
    checkpoint = read_checkpoint(campaign.server.data_dir / "central")
    campaign.server.start()
    assert checkpoint is not None
    assert checkpoint.sequence == campaign.judge().recorded


@pytest.mark.parametrize("tooth", ["end-at-once", "end-that-cuts"])
def test_the_proof_catches_requests_that_are_carried_out_and_not_answered(
    make_server: Fleet, figures: Figures, tooth: str
) -> None:
    campaign = Ended(make_server(tooth=tooth))
    campaign.server.start()
    campaign.open_levels()
    for _ in range(_TRIES):
        campaign.end(signal.SIGTERM)
        campaign.server.kill()
        campaign.server.start()
        campaign.judge_cut()
        campaign.settle()
        if campaign.cut:
            break
    assert campaign.cut + campaign.halves > 0
    figures.add(f"tooth: an {tooth.replace('-', ' ')}", "SIGTERM", f"not answered {campaign.cut}")


def test_the_proof_catches_an_end_that_drops_the_last_batch(
    make_server: Fleet, figures: Figures
) -> None:
    campaign = Ended(make_server(tooth="end-that-drops"))
    campaign.server.start()
    campaign.open_levels()
    lost = 0
    for _ in range(2 * _TRIES):  # now and then nothing waits to be written at the signal
        campaign.end(signal.SIGTERM)
        campaign.server.start()
        lost = campaign.judge().lost
        if lost:
            break
    assert lost > 0
    figures.add("tooth: an end that drops the last batch", "SIGTERM", f"lost {lost}")
