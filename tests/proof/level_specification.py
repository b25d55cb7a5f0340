"""One stock level as a single client would see it: the sequential side of linearizability."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.proof.http_client import Reply

Verb: TypeAlias = Literal["adjust", "reserve", "count", "read"]

LevelState: TypeAlias = tuple[int, int, int]
"""(on-hand, reserved, version)."""

Answer: TypeAlias = tuple[str, int, int, int]
"""(what, on-hand, reserved, version). A refusal tells the version only; the rest is 0."""


@dataclass(frozen=True, slots=True)
class LevelRequest:
    """What a client asked of the level. ``amount`` is a delta, a quantity or a count."""

    verb: Verb
    amount: int = 0
    expected_version: int | None = None


class LevelSpecification:
    """Counts, adjusts, reservations and reads of one level that exists."""

    def step(self, state: LevelState, request: LevelRequest) -> tuple[Answer, LevelState]:
        """Return the answer, and (on-hand, reserved, version) after it."""
        on_hand, reserved, version = state
        if request.verb == "read":
            return ("done", *state), state
        if request.expected_version not in {None, version}:
            return ("VersionConflict", 0, 0, version), state
        match request.verb:
            case "adjust":
                on_hand += request.amount
            case "reserve":
                reserved += request.amount
            case "count":
                on_hand = request.amount
        if on_hand < reserved:
            return ("InsufficientStock", 0, 0, version), state
        after = (on_hand, reserved, version + 1)
        return ("done", *after), after

    def is_past(self, state: LevelState, result: Answer) -> bool:
        """Versions only go up: an answer that shows an older one can't come any more."""
        return result[3] < state[2]


def answer_of(reply: Reply) -> Answer | None:
    """Return what a reply says; None when it leaves the outcome open."""
    if reply.is_success:
        body = reply.json()
        return "done", body["onHand"], body["reserved"], body["version"]
    if reply.status == 409:
        body = reply.json()
        return body["error"], 0, 0, body["currentVersion"]
    if reply.status >= 500:
        return None
    raise AssertionError(f"unexpected answer {reply.status}: {reply.body!r}")
