"""The one HTTP client of the platforms: bounded in time, in size and in connections.

What became of a request that failed depends on whether it had left. The transport tells: up to the
moment that it begins to write, nothing was asked for. After that, a request that may be repeated is
only late, and of one that may not, nobody knows.

It keeps nothing between two requests: no cookies, which would mix the users; no redirects, which
would carry tokens elsewhere; no proxies of the environment. Answers come as they are, since a few
compressed bytes unpack to any number.
"""

import asyncio
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from surestock.commerce.errors import BadAnswer, CommerceError, OutcomeUnknown, Unavailable
from surestock.commerce.reply import Reply
from surestock.telemetry.trace import TRACEPARENT

_BEGINS_TO_WRITE = "send_request_headers.started"


class HttpConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Where the platform is, and how long and how much it may answer. Times are in seconds.

    ``total_s`` bounds a whole exchange: a server that sends a byte now and then meets every other
    bound. Idle connections are dropped after ``idle_s``, sooner than servers usually do: one that
    the server has just closed would leave open whether the request on it was read.
    """

    base_url: str
    connect_s: float = 2.0
    read_s: float = 10.0
    write_s: float = 5.0
    pool_s: float = 2.0
    total_s: float = 12.0
    idle_s: float = 2.0
    most_connections: int = 32
    most_bytes: int = 1_048_576


class Http:
    """Sends requests to one platform. It connects when it has something to send."""

    def __init__(self, config: HttpConfig) -> None:
        self._config = config
        self._base = config.base_url.rstrip("/")
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(
                connect=config.connect_s,
                read=config.read_s,
                write=config.write_s,
                pool=config.pool_s,
            ),
            limits=httpx.Limits(
                max_connections=config.most_connections,
                max_keepalive_connections=config.most_connections,
                keepalive_expiry=config.idle_s,
            ),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    async def send(
        self,
        method: str,
        path: str,
        *,
        safe: bool,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        json: object = None,
        form: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send a request and return the answer, whatever its status.

        ``path`` begins with a slash, and what stands in it is quoted by the caller. ``safe`` tells
        that the request may be repeated: a read, or a change to an absolute value.

        Raises ``Unavailable`` when the request surely did not leave, or may be repeated;
        ``OutcomeUnknown`` when it may not and the answer did not come whole; ``BadAnswer`` when
        the answer to one that may be repeated is too large or encoded.
        """
        if not path.startswith("/"):
            raise ValueError(f"a path begins with a slash: {path!r}")
        request = self._client.build_request(
            method,
            self._base + path,
            headers=_headers(headers, has_json=json is not None),
            params=query,
            content=None if json is None else msgspec.json.encode(json),
            data=form,
        )
        departure = _Departure()
        request.extensions["trace"] = departure.take_note
        try:
            async with asyncio.timeout(self._config.total_s):
                return await self._exchange(request)
        except (httpx.TransportError, TimeoutError) as error:
            raise departure.outcome(safe=safe) from error
        except BadAnswer as error:
            if safe:
                raise
            raise OutcomeUnknown(str(error)) from error

    async def _exchange(self, request: httpx.Request) -> Reply:
        response = await self._client.send(request, stream=True)
        try:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise BadAnswer("The commerce platform sent a compressed answer.")
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > self._config.most_bytes:
                    raise BadAnswer("The commerce platform sent an answer that is too large.")
        finally:
            await response.aclose()
        return Reply(response.status_code, dict(response.headers), bytes(body))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._client.aclose()


class _Departure:
    """Knows whether a request has begun to leave."""

    left = False

    async def take_note(self, event: str, _: Any) -> None:  # noqa: ANN401 -- as httpcore calls it
        if event.endswith(_BEGINS_TO_WRITE):
            self.left = True

    def outcome(self, *, safe: bool) -> CommerceError:
        if not self.left:
            return Unavailable("The commerce platform could not be reached.")
        if safe:
            return Unavailable("The commerce platform did not answer in time, or broke off.")
        return OutcomeUnknown("The commerce platform was asked, and did not answer.")


def _headers(own: Mapping[str, str] | None, *, has_json: bool) -> dict[str, str]:
    headers = {"accept": "application/json", "accept-encoding": "identity"}
    if has_json:
        headers["content-type"] = "application/json"
    traceparent = TRACEPARENT.get()
    if traceparent is not None:
        headers["traceparent"] = traceparent
    headers.update((name.lower(), value) for name, value in (own or {}).items())
    return headers
