"""SIGTERM to three API processes and a worker on PostgreSQL: who was accepted is told."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.proof.figures import Figures
from tests.proof.house import House
from tests.proof.shop import Shop
from tests.proof.test_sigterm import Ended

_WORKERS = 3
_CLIENTS = 12
_TRIES = 12
_ROUNDS = [1, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@pytest.fixture
def make_house(tmp_path: Path) -> Iterator[Callable[..., House]]:
    """Make services on the database of a shop; all are killed when the test ends."""
    made: list[House] = []

    def make(shop: Shop, tooth: str | None = None) -> House:
        settings = shop.settings(LOCKS_ENABLED="false")
        made.append(House(tmp_path, _WORKERS, tooth, **settings))
        return made[-1]

    yield make
    for house in made:
        house.kill()


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_a_signal_ends_all_processes_with_every_accepted_request_answered(
    make_house: Callable[..., House], shop: Shop, figures: Figures, rounds: int
) -> None:
    campaign = Ended(make_house(shop), seed=rounds, clients=_CLIENTS)
    campaign.server.start()
    campaign.open_levels()
    for number in range(rounds):
        campaign.end(signal.SIGTERM, os.killpg if number % 2 else os.kill)
        shop.await_backends_gone()
        campaign.server.start()
        campaign.judge_cut().require_clean()
        campaign.settle()
        campaign.ask_again()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    assert campaign.codes == {0: rounds}
    assert (campaign.cut, campaign.halves, campaign.left_behind) == (0, 0, 0)
    assert campaign.differing == 0
    shop.require_sound()
    figures.add(
        "who was accepted is answered before the end of all processes",
        f"PostgreSQL: serve --workers {_WORKERS}, SIGTERM under {campaign.clients} clients, "
        f"{rounds} rounds",
        f"exits 0: {campaign.codes[0]}, {verdict}, carried out and not answered {campaign.cut}, "
        f"half answers {campaign.halves}, sessions left 0, processes left {campaign.left_behind}",
    )


def test_the_proof_catches_requests_that_are_cut_off(
    make_house: Callable[..., House], newest_shop: Shop, figures: Figures
) -> None:
    newest_shop.let_commits_take_their_time()
    campaign = Ended(make_house(newest_shop, "workers-end-at-once"), clients=4 * _CLIENTS)
    campaign.server.start()
    campaign.open_levels()
    for _ in range(_TRIES):
        campaign.end(signal.SIGTERM)
        campaign.server.start()
        campaign.judge_cut()
        campaign.settle()
        if campaign.cut + campaign.halves > 0:
            break
    assert campaign.cut + campaign.halves > 0
    figures.add("tooth: an end at once", "SIGTERM", f"not answered {campaign.cut}")
