"""Whose keys are known: the port to what keeps them."""

from typing import Protocol

from surestock.access.caller import Caller


class Keys(Protocol):
    """Tells whose key a request brings."""

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        """Return who sends this Authorization header, or None when that is nobody."""
        ...

    def is_valid(self, caller: Caller) -> bool:
        """Tell whether the key that ``caller`` came with has not been revoked since."""
        ...
