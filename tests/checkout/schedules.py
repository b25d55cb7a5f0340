"""Schedules of three processes in a storm, each played from its seed to its calm end."""

import asyncio

from tests.checkout.row import MakeLocks, kernel_locks
from tests.checkout.storm_of_processes import PROCESSES, Storm
from tests.checkout.weather import CHANGEABLE, Weather
from tests.mirror.shop import on_virtual_time


async def storm(seed: int, make_locks: MakeLocks, weather: Weather) -> Storm:
    """Play a schedule of four users; return what was played."""
    made = Storm(seed, make_locks, weather)
    await made.open()
    watch = asyncio.ensure_future(_watch(made))
    await asyncio.gather(*(made.shops(f"U{number}", 12) for number in range(4)))
    watch.cancel()
    for end in await asyncio.gather(watch, return_exceptions=True):
        assert isinstance(end, asyncio.CancelledError), repr(end)
    await made.calm()
    made.orders = await made.check_end()
    await made.close()
    return made


async def _watch(made: Storm) -> None:
    while True:
        await asyncio.sleep(3.0)
        await made.check()


def play(seed: int, make_locks: MakeLocks = kernel_locks, weather: Weather = CHANGEABLE) -> Storm:
    """Play a small schedule in a time of its own."""
    return on_virtual_time(lambda: storm(seed, make_locks, weather))


def play_all(
    seeds: range, make_locks: MakeLocks = kernel_locks, weather: Weather = CHANGEABLE
) -> str:
    """Play schedules; return the figures."""
    orders = checkouts = stopped = died = lost = turns_lost = 0
    for seed in seeds:
        made = play(seed, make_locks, weather)
        orders += made.orders
        checkouts += made.books.checkouts
        stopped += made.weather.stopped
        died += made.weather.died
        lost += made.weather.lost
        turns_lost += made.weather.turns_lost
    assert min(orders, stopped, died) > len(seeds)
    return (
        f"{len(seeds)} schedules of {PROCESSES} processes: {checkouts} checkouts asked for, "
        f"{orders} orders, {died} deaths, {stopped} pauses, {lost} connections lost, "
        f"{turns_lost} times turns lost; "
        "doubled 0, lost 0, without an end 0"
    )
