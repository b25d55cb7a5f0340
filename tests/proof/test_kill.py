"""kill -9 in the middle of 64 clients: what was acknowledged is there, once, and nothing else."""

import pytest

from tests.proof.campaign import Campaign
from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.server import RefusedToStart

_TRIES = 10
_ROUNDS = [3, pytest.param(30, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@pytest.mark.parametrize("rounds", _ROUNDS)
def test_an_acknowledged_change_survives_a_kill_at_any_moment(
    make_server: Fleet, figures: Figures, rounds: int
) -> None:
    server = make_server(settings={"SEGMENT_BYTES": "100000"})
    campaign = Campaign(server, seed=rounds)
    server.start()
    campaign.open_levels()
    for _ in range(rounds):
        campaign.attack(campaign.dice.randint(50, 1_200), server.kill)
        server.start()
        campaign.settle()
        campaign.ask_again()
        campaign.judge().require_clean()
    verdict = campaign.judge_anew()
    verdict.require_clean()
    assert campaign.differing == 0
    assert campaign.retried > 0
    figures.add(
        "an acknowledged change survives, once; recovery invents nothing",
        f"kill -9 under {campaign.clients} clients, {rounds} rounds, one data directory",
        f"{verdict}, retried {campaign.retried}",
    )


def test_the_proof_catches_an_acknowledgement_that_comes_before_the_write(
    make_server: Fleet, figures: Figures
) -> None:
    server = make_server(tooth="late-write")
    campaign = Campaign(server)
    server.start()
    campaign.open_levels()
    lost = 0
    for _ in range(_TRIES):  # a test that stands still gives it the time to write all
        campaign.attack(200, server.kill)
        try:
            server.start()
        except RefusedToStart as refusal:
            pytest.fail(f"the tooth broke more than it meant to: {refusal}")
        lost = campaign.judge().lost
        if lost:
            break
        campaign.settle()
    assert lost > 0
    figures.add("tooth: acknowledge before the write", "kill -9", f"lost {lost}")
