"""Is there one order of all calls that explains every answer? A checker for one object.

The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with Lowe's memory
of (calls placed, state) pairs ("Testing for linearizability", 2017). A call whose answer never
came may stand anywhere after it was sent, or nowhere. Sequential behaviour comes in as a
:class:`Specification`, so that the checker can be checked with an object of its own.
"""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

State = TypeVar("State", bound=Hashable)
Request = TypeVar("Request")
Result = TypeVar("Result", bound=Hashable)
_Asked_contra = TypeVar("_Asked_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Call(Generic[Request, Result]):
    """One call of one client. Times are of one clock; ``result`` None: no answer ever came."""

    request: Request
    invoked: int
    returned: int
    result: Result | None


class Specification(Protocol[State, _Asked_contra, Result]):
    """What a single client, alone, would see."""

    def step(self, state: State, request: _Asked_contra) -> tuple[Result, State]:
        """Return the answer to ``request`` in ``state``, and the state after it."""
        ...

    def is_past(self, state: State, result: Result) -> bool:
        """Tell whether no state that follows ``state`` can give ``result`` any more."""
        ...


class Search(Generic[State, Request, Result]):
    """A search over the orders of one history.

    ``placed`` and ``ghosts`` are bit sets over the answered and the unanswered calls. After
    :meth:`find_order`, ``longest`` is how many answered calls could be explained at best.
    """

    def __init__(
        self,
        calls: Sequence[Call[Request, Result]],
        specification: Specification[State, Request, Result],
    ) -> None:
        by_time = sorted(calls, key=lambda call: call.invoked)
        self.answered = [call for call in by_time if call.result is not None]
        self.unanswered = [call for call in by_time if call.result is None]
        self.longest = 0
        self._specification = specification
        self._seen: set[tuple[int, int, State]] = set()

    def find_order(self, initial: State) -> bool:
        """Tell whether the calls, in some order that time allows, lead to their answers."""
        stack = [self._next(0, 0, initial)]
        if not self.answered:
            return True
        while stack:
            following = next(stack[-1], None)
            if following is None:
                stack.pop()
                continue
            placed, ghosts, state = following
            self.longest = max(self.longest, placed.bit_count())
            if placed.bit_count() == len(self.answered):
                return True
            if following not in self._seen:
                self._seen.add(following)
                stack.append(self._next(placed, ghosts, state))
        return False

    def _next(self, placed: int, ghosts: int, state: State) -> Iterator[tuple[int, int, State]]:
        """Yield what may come next: answered calls first, then those without an answer."""
        window, deadline = self._window(placed)
        if any(self._is_past(state, self.answered[index]) for index in window):
            return
        for index in window:
            call = self.answered[index]
            result, after = self._specification.step(state, call.request)
            if result == call.result:
                yield placed | 1 << index, ghosts, after
        for index, call in enumerate(self.unanswered):
            if call.invoked > deadline:
                break
            if not ghosts >> index & 1:
                _, after = self._specification.step(state, call.request)
                if after != state:
                    yield placed, ghosts | 1 << index, after

    def _is_past(self, state: State, call: Call[Request, Result]) -> bool:
        return call.result is not None and self._specification.is_past(state, call.result)

    def _window(self, placed: int) -> tuple[list[int], int]:
        """Return the calls that may be next, and when the first of them must have been placed.

        A call may be next unless another, not placed yet, had its answer before this was sent.
        """
        first = (~placed & placed + 1).bit_length() - 1
        deadline = self.answered[first].returned
        window = []
        for index in range(first, len(self.answered)):
            call = self.answered[index]
            if call.invoked > deadline:
                break
            if not placed >> index & 1:
                window.append(index)
                deadline = min(deadline, call.returned)
        return [i for i in window if self.answered[i].invoked <= deadline], deadline
