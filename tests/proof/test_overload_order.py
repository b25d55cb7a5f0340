"""Under overload, who is refused, who waits, and for how long: by worth, and by address."""

import asyncio
from pathlib import Path

import pytest

from tests.proof.figures import Figures
from tests.proof.fleet import Fleet
from tests.proof.overload import Stage, staged
from tests.proof.overload_measures import probe_p99, require_counted, require_honest
from tests.proof.overload_phase import Phase
from tests.proof.overload_terms import Group

_NARROW = {"CONCURRENCY_API": "64", "LOAD_SHED_QUEUE_MAX": "128"}
_LONG = {"CONCURRENCY_API": "64", "LOAD_SHED_QUEUE_MAX": "1000"}
_MIXED = [Group("reserve", 320), Group("adjust", 160), Group("commit", 160)]
_PROMISE = "18 overload"
_PATIENCE_S = 5


def refused_share(phase: Phase, kind: str) -> float:
    refused = phase.count(503, kind=kind)
    return refused / (refused + phase.count(200, kind=kind))


def starve(stage: Stage) -> Phase:
    """Let more reserve than there are slots, and none of them be refused; others adjust."""
    return stage.run("starving", [Group("reserve", 400), Group("adjust", 40)], 15)


def require_patience(phase: Phase) -> None:
    assert phase.report.longest_s < 2 * _PATIENCE_S, "somebody waited for longer than anybody may"
    assert phase.count(503, kind="adjust"), "nobody was told that it takes too long"


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_what_is_worth_less_is_refused_more(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, _NARROW)
    phase = stage.run("mixed", _MIXED, 20)
    verdict = asyncio.run(stage.judge())
    shares = {kind: refused_share(phase, kind) for kind in ("commit", "reserve", "adjust")}
    told = ", ".join(f"{kind} {share:.1%}" for kind, share in shares.items())
    waited = f"longest wait {phase.report.longest_s:.1f} s"
    figures.add(_PROMISE, "all kinds at once", f"refused: {told}; {waited}; {verdict}")
    require_honest(phase)
    verdict.require_clean()
    assert shares["commit"] < shares["reserve"] < shares["adjust"]


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_who_is_always_behind_what_is_worth_more_is_told_so_in_time(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, _LONG)
    phase = starve(stage)
    told = phase.count(503, kind="adjust")
    figure = f"{told} adjusts refused, longest wait of one served {phase.report.longest_s:.1f} s"
    figures.add(_PROMISE, "400 clients reserve on 64 slots, 40 adjust, for 15 s", figure)
    require_honest(phase)
    require_patience(phase)


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_who_waits_for_ever_behind_what_is_worth_more_is_noticed(
    make_server: Fleet, tmp_path: Path
) -> None:
    phase = starve(staged(make_server, tmp_path, _LONG, tooth="endless-wait"))
    with pytest.raises(AssertionError, match="than anybody may"):
        require_patience(phase)


@pytest.mark.prove
@pytest.mark.timeout(600)
def test_each_address_gets_its_rate_whatever_others_do(
    make_server: Fleet, tmp_path: Path, figures: Figures
) -> None:
    stage = staged(make_server, tmp_path, {})
    stage.server.kill()
    limits = {"RATE_LIMIT_RPS": "100", "RATE_LIMIT_BURST": "200"}
    stage.server = make_server(tmp_path / "data", role="api", settings=limits)
    stage.server.start()
    greedy = [f"127.0.0.{number}" for number in range(2, 6)]
    till = Group("reserve", 1, "127.0.0.9", rest_s=0.02)
    phase = stage.run("throttled", [till, *(Group("reserve", 160, each) for each in greedy)], 20)
    verdict = asyncio.run(stage.judge())
    served = [phase.report.by_address[each][200] / phase.report.seconds for each in greedy]
    figures.add(
        _PROMISE,
        "4 × 160 greedy clients, 100 a second for each address; a till within its rate",
        f"{min(served):.0f} to {max(served):.0f} a second; {phase.refused:,} throttled; probe p99 "
        f"{probe_p99([phase]):.0f} ms; {verdict}",
    )
    require_honest(phase)
    require_counted(stage, stage.phases)
    verdict.require_clean()
    assert phase.statuses == {200, 429}
    assert max(served) <= 100 + 200 / phase.report.seconds
    assert min(served) > 0
    assert set(phase.report.by_address[till.address]) == {200}, "the till was throttled"
