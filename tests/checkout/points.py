"""Every call that leaves a checkout, counted: before each, and after it was carried out.

At one of these points something goes wrong: the process dies, the engine takes nothing on, or the
service is told to stop.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Literal, TypeAlias

import anyio

from surestock.inventory.unavailable import ReadOnly

What: TypeAlias = Literal["dies", "read_only", "stops"]

VERBS = {
    "open_cart",
    "read_cart",
    "set_quantity",
    "remove_item",
    "prepare_checkout",
    "place_order",
    "find_order",
    "close_cart",
}
CALLS = {"transact", "find_document", "find_answer"}


class Died(BaseException):
    """The process is not there any more. Nothing may catch it, and nothing goes on after it."""


class Points:
    """Counts points; ``what`` happens at the ``at``-th, the first being 1."""

    def __init__(self, what: What = "dies", at: int = 0) -> None:
        self.what = what
        self.at = at
        self.passed: list[str] = []
        self.is_over = False
        self.stop: Callable[[], None] = lambda: None

    async def meet(self, name: str, *, is_engine: bool) -> None:
        """Pass a point, or not."""
        if self.is_over:
            raise Died(name)
        self.passed.append(name)
        if len(self.passed) != self.at:
            return
        if self.what == "dies":
            self.is_over = True
            raise Died(name)
        if self.what == "stops":
            self.stop()
            await anyio.lowlevel.checkpoint()
        elif is_engine and name.startswith("before"):
            raise ReadOnly


class Watched:
    """Anything of which some calls are points."""

    def __init__(self, inner: object, names: set[str], points: Points) -> None:
        self._inner = inner
        self._names = names
        self._points = points

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if name not in self._names:
            return found
        is_engine = "transact" in self._names

        async def call(*args: object) -> object:
            told = f"{name} {type(getattr(args[0], 'command', None)).__name__}" if args else name
            await self._points.meet(f"before {told}", is_engine=is_engine)
            made: Awaitable[object] = found(*args)
            answer = await made
            await self._points.meet(f"after {told}", is_engine=is_engine)
            return answer

        return call
