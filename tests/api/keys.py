"""Keys without a file: what the routes are checked with."""

from collections.abc import Iterable

from surestock.access.caller import Caller
from surestock.access.scope import Scope

EVERY_SCOPE = frozenset(scope.value for scope in Scope)


class FakeKeys:
    """Whoever sends ``Bearer NAME`` is NAME, if a test made it known."""

    def __init__(self) -> None:
        self._callers: dict[bytes, Caller] = {}

    def know(
        self,
        name: str,
        scopes: Iterable[str] = EVERY_SCOPE,
        stores: Iterable[str] | None = None,
        client: str | None = None,
    ) -> dict[str, str]:
        """Make a key known; return the header that brings it."""
        limited = None if stores is None else frozenset(stores)
        caller = Caller(client or name, name, frozenset(scopes), limited)
        self._callers[f"Bearer {name}".encode()] = caller
        return {"authorization": f"Bearer {name}"}

    def revoke(self, name: str) -> None:
        """Make a key unknown."""
        del self._callers[f"Bearer {name}".encode()]

    def caller_of(self, authorization: bytes | None) -> Caller | None:
        """Return who sends this header."""
        return None if authorization is None else self._callers.get(authorization)

    def is_valid(self, caller: Caller) -> bool:
        """Tell whether the key is still known."""
        return caller in self._callers.values()
