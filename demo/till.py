"""A till: asks until the service has given an answer that stands.

Overload (429, 503) and lost connections are not answers. The same request with the same
idempotency key is sent again, so that it counts once however often it was sent.
"""

import asyncio
from collections.abc import Mapping
from textwrap import shorten
from typing import Any, NamedTuple, Protocol

import orjson

from demo.connection import Connection, ServiceUnreachable

TRIES = 10
PAUSE_S = 0.1
BODY_SHOWN = 500
NOT_NOW = frozenset({429, 503})


class Answer(NamedTuple):
    """A status and the JSON object that came with it."""

    status: int
    body: Mapping[str, Any]


class UnexpectedAnswer(Exception):
    """The service said something that its contract does not foresee here."""

    def __init__(self, request: str, answer: Answer) -> None:
        body = shorten(str(dict(answer.body)), BODY_SHOWN, placeholder=" ...")
        super().__init__(f"{request} was answered {answer.status}: {body}")


class Send(Protocol):
    """Whoever can put a request to the service."""

    async def __call__(
        self, method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        """Return the answer to a request. Raises :class:`ServiceUnreachable`."""
        ...


class Till:
    """One connection to the service. ``repeats`` counts the requests that were sent again."""

    def __init__(self, host: str, port: int) -> None:
        self._connection = Connection(host, port)
        self.repeats = 0

    async def send(
        self, method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        """Return the first answer that stands, after at most ten tries.

        Raises :class:`ServiceUnreachable` when none of them was answered.
        """
        sent = b"" if body is None else orjson.dumps(body)
        trouble = ""
        for repeat in range(TRIES):
            self.repeats += repeat > 0
            pause_s = PAUSE_S * 2**repeat
            try:
                raw = await self._connection.exchange(method, target, sent, key)
            except ServiceUnreachable as error:
                trouble = str(error)
            else:
                if raw.status not in NOT_NOW:
                    return Answer(raw.status, orjson.loads(raw.body))
                trouble = f"{method} {target} was answered {raw.status}"
                pause_s = float(raw.headers.get("retry-after", pause_s))
            await asyncio.sleep(pause_s)
        msg = f"{trouble} ({TRIES} times)"
        raise ServiceUnreachable(msg)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
