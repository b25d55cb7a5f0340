"""Whatever happens at whichever step of a checkout: one order at the most, and stock is right."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest

from tests.checkout.broken import BROKEN
from tests.checkout.campaign import STORIES, DiskPlace, MemoryPlace, Story, at_every_point
from tests.checkout.points import What


@pytest.mark.parametrize("what", ["dies", "read_only", "stops"])
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
async def test_at_every_point_of_a_checkout(story: Story, what: What) -> None:
    points = await at_every_point(MemoryPlace, story, what)
    assert points > 20
    print(f"{story.name}, {what}: {points} points, more than one order: 0")


@pytest.mark.parametrize("what", ["dies", "stops"])
@pytest.mark.parametrize("story", STORIES[:2], ids=lambda story: story.name)
async def test_at_every_point_with_a_log_that_is_read_again(
    story: Story, what: What, tmp_path: Path
) -> None:
    numbers = count()
    points = await at_every_point(lambda: DiskPlace(tmp_path / str(next(numbers))), story, what)
    assert points > 20
    print(f"{story.name}, {what}, log read again: {points} points, more than one order: 0")


@pytest.mark.parametrize("breaks", BROKEN, ids=lambda breaks: breaks.__name__)
async def test_a_checkout_that_is_written_the_easy_way_is_caught(
    breaks: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    breaks(monkeypatch)
    caught = 0
    for story in STORIES:
        try:
            await at_every_point(MemoryPlace, story, "dies")
        except AssertionError:
            caught += 1
    assert caught
