"""A start, broken: it believes what it should prove, or leaves out what it should make anew.

And the feed, with another patience than it has.
"""

import importlib
from typing import Any

from msgspec import structs

from surestock.api.feed import feed
from surestock.engine.log import log_file
from surestock.snapshot import read as snapshot_reading


def believed_snapshot() -> None:
    """The lines of a snapshot are not checked."""

    def check(content: bytes) -> None:
        del content

    def require(true: bool, why: str) -> None:  # noqa: FBT001 - the shape of what it stands for
        del true, why

    vars(snapshot_reading).update(check=check, _require=require)


def no_index() -> None:
    """A start takes the indexes as they are."""

    def index_missing(*parts: Any) -> int:
        del parts
        return 0

    vars(log_file).update(index_missing=index_missing)


def uncovered_end() -> None:
    """Nobody asks whether the log has lost its end."""

    def check_covered(*parts: Any) -> None:
        del parts

    vars(log_file).update(check_covered=check_covered)


def impatient_feed() -> None:
    """A reader has to take a page within some seconds: for a test that has little time."""
    _be_patient(6.0)


def endless_patience() -> None:
    """A reader that does not read is waited for for ever."""
    _be_patient(1e9)


def no_backpressure() -> None:
    """What a reader does not take is kept for it, however much it is."""

    async def drain(self: Any) -> None:
        del self

    vars(importlib.import_module("uvicorn.protocols.http.flow_control"))[
        "FlowControl"
    ].drain = drain


def _be_patient(seconds: float) -> None:
    limits = structs.replace(feed.FeedLimits(), patience_s=seconds)
    vars(feed).update(FeedLimits=lambda: limits)
