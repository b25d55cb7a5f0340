"""The guard of connections, with other limits than it has: for want of time, or as a tooth."""

from typing import Any

from msgspec import structs

from surestock.runtime import ending
from surestock.runtime.web.limits import WebLimits

HEAD_S = BODY_S = IDLE_S = 4.0
"""What an impatient server gives its clients."""
_LONG = 1e9


def impatient() -> None:
    """Clients have seconds where they have tens of them."""
    _limit(head_s=HEAD_S, body_s=BODY_S, idle_s=IDLE_S, linger_s=1.0)


def patient_with_heads() -> None:
    """A head may take for ever."""
    _limit(head_s=_LONG, body_s=BODY_S, idle_s=IDLE_S, linger_s=1.0)


def patient_with_bodies() -> None:
    """A body may take for ever."""
    _limit(head_s=HEAD_S, body_s=_LONG, idle_s=IDLE_S, linger_s=1.0)


def patient_with_idlers() -> None:
    """A connection may be idle for ever."""
    _limit(head_s=HEAD_S, body_s=BODY_S, idle_s=_LONG, linger_s=1.0)


def endless_heads() -> None:
    """A head may be of any size, and there is time for it."""
    _limit(head_bytes=1 << 60, headers=1 << 60, head_s=_LONG)


def _limit(**given: Any) -> None:
    limits = structs.replace(WebLimits(), **given)
    vars(ending).update(limits_of_process=lambda: limits)
