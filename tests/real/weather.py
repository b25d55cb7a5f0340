"""What a network does to bytes on their way: it holds them, slows them, or ends the connection.

A real partition loses packets, but TCP sends them again when it heals; so bytes are held back and
not dropped, and what a client gave up long ago may still arrive.
"""

import asyncio
import enum
import random

from tests.real.loop_thread import LoopThread


class Direction(enum.Enum):
    """Whither bytes go."""

    TO_SERVER = "to server"
    TO_CLIENT = "to client"

    @property
    def opposite(self) -> "Direction":
        """Whence they come."""
        return Direction.TO_CLIENT if self is Direction.TO_SERVER else Direction.TO_SERVER


class Weather:
    """The state of one connection's network, or of all. Any thread may change it.

    ``thread`` is where the loop that forwards the bytes runs.
    """

    def __init__(self, thread: LoopThread) -> None:
        self._thread = thread
        self._delay_s = 0.0
        self._open = {direction: asyncio.Event() for direction in Direction}
        self._cuts: dict[Direction, tuple[float, random.Random]] = {}
        for gate in self._open.values():
            gate.set()

    def black_hole(self, *, to_server: bool = True, to_client: bool = True) -> None:
        """Hold all bytes in these directions until it heals; nobody is told."""
        held = {Direction.TO_SERVER: to_server, Direction.TO_CLIENT: to_client}

        def change() -> None:
            for direction, gate in self._open.items():
                if held[direction]:
                    gate.clear()

        self._thread.call(change)

    def delay(self, seconds: float) -> None:
        """Let each chunk take so long, in each direction."""
        self._delay_s = seconds

    def cut_randomly(
        self, probability: float, rng: random.Random, direction: Direction | None = None
    ) -> None:
        """End the connection within so many of the chunks, in one direction or in both."""
        for each in Direction if direction is None else (direction,):
            self._cuts[each] = (probability, rng)

    def heal(self) -> None:
        """End all of it; what was held goes on its way."""

        def change() -> None:
            self._delay_s = 0.0
            self._cuts.clear()
            for gate in self._open.values():
                gate.set()

        self._thread.call(change)

    async def passed(self, direction: Direction) -> None:
        """Wait as long as bytes in this direction have to."""
        if self._delay_s:
            await asyncio.sleep(self._delay_s)
        await self._open[direction].wait()

    def bytes_before_cut(self, direction: Direction, size: int) -> int | None:
        """Return how much of a chunk still passes before the connection is cut, None for all."""
        probability, rng = self._cuts.get(direction, (0.0, None))
        if rng is None or rng.random() >= probability:
            return None
        return rng.randint(0, size)
