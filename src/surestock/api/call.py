"""One request, as the endpoints see it: cheap to make, and nothing in it is computed twice."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

from surestock.api.headers import IfMatch
from surestock.api.service import Service

Scope: TypeAlias = MutableMapping[str, Any]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

ACTOR = "anonymous"
"""The API client, as long as nobody needs an access key."""


class Call:
    """A request. ``path`` is decoded; ``headers`` are by lower-case name, the last one counts.

    ``idempotency_key`` and ``if_match`` are set by a route that declares these headers.
    """

    __slots__ = (
        "headers",
        "idempotency_key",
        "if_match",
        "if_none_match",
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
        self.idempotency_key: str | None = None
        self.if_match: IfMatch | None = None
        self.if_none_match = False
