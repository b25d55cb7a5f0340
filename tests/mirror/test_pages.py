"""A walk through all documents rests many times as long as it works, and not for ever."""

import asyncio

import pytest

from surestock.mirror.pages import Unhurried
from tests.mirror.shop import LoopClock, on_virtual_time


@pytest.mark.parametrize(
    ("works_s", "rests_s"), [(0.0, 0.025), (0.001, 0.025), (0.01, 0.19), (5.0, 1.0)]
)
def test_a_rest_is_nineteen_times_as_long_as_the_work_before_it(
    works_s: float, rests_s: float
) -> None:
    async def story() -> None:
        rest, clock = Unhurried(), LoopClock()
        for _ in range(3):
            await asyncio.sleep(works_s)
            began = clock.monotonic()
            await rest()
            assert clock.monotonic() - began == pytest.approx(rests_s)

    on_virtual_time(story)
