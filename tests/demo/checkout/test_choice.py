"""Without a real platform the demo says so and goes on, unless that one was asked for."""

from collections.abc import Sequence

import pytest

from demo.checkout.goods import Product, goods
from demo.checkout.platform import choice
from demo.checkout.platform.choice import platform
from tests.real.absent import Absent


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(_goods: Sequence[Product], _seed: int) -> None:
        raise Absent("node is not installed here")

    monkeypatch.setattr(choice, "vendure", absent)


def test_it_goes_on_with_the_simulated_one_and_says_why() -> None:
    said: list[str] = []
    with platform("auto", goods(12), 1, said.append) as chosen:
        assert chosen.name == "simulated"
    assert "node is not installed here" in said[-1]
    assert "counted from the service's own record" in chosen.counted


def test_one_that_was_asked_for_is_not_replaced() -> None:
    with (
        pytest.raises(Absent, match="node is not installed"),
        platform("vendure", goods(12), 1, print),
    ):
        pass
