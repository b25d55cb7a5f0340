"""One request, as the endpoints see it: cheap to make, and nothing in it is computed twice."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from surestock.access.caller import Caller
from surestock.api.headers import IfMatch
from surestock.api.service import Service

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ANONYMOUS = "anonymous"
"""The API client, where nobody needs a key."""


class Call:
    """A request. ``path`` is decoded; ``headers`` are by lower-case name, the last one counts.

    ``client`` is who sends it, and ``caller`` what is known of that one: None where nobody needs a
    key. ``idempotency_key`` and ``if_match`` are set by a route that declares these headers,
    ``limit_headers`` where a rate limit was looked at. ``body_bytes`` is what its body takes of the
    memory that large bodies share, ``error`` the stable code of the error it was answered with.
    """

    __slots__ = (
        "body_bytes",
        "caller",
        "client",
        "error",
        "headers",
        "idempotency_key",
        "if_match",
        "if_none_match",
        "limit_headers",
        "path",
        "receive",
        "request_id",
        "scope",
        "service",
    )

    def __init__(self, service: Service, scope: Scope, receive: Receive, request_id: str) -> None:
        self.service = service
        self.scope = scope
        self.receive = receive
        self.request_id = request_id
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.client = ANONYMOUS
        self.caller: Caller | None = None
        self.idempotency_key: str | None = None
        self.if_match: IfMatch | None = None
        self.if_none_match = False
        self.limit_headers: list[tuple[bytes, bytes]] | None = None
        self.body_bytes = 0
        self.error: str | None = None

    def known_as(self, caller: Caller) -> None:
        """Take note of who sends it."""
        self.caller = caller
        self.client = caller.client

    @property
    def limited_as(self) -> str:
        """Whose rate limit counts: the client's, or where nobody has a name, the address's."""
        if self.caller is not None:
            return self.caller.client
        address = self.scope.get("client")
        return "" if address is None else str(address[0])
