"""Guests: how one becomes a shopper of the site, and stays the same one for as long as it takes.

A guest's access token lasts 30 minutes, the refresh token 30 days. A public client gets another
refresh token with every use, and the one before is void from then on. So the newest tokens must
not be lost, though a verb that failed gives no context back, and neither do placing and finding:
what was renewed is also kept here. When it is lost all the same (a crash, an answer that did not
come), the guest signs in again under the same ``usid``, and must be the same customer then: one who
is another neither has the basket nor sees the orders.

https://developer.salesforce.com/docs/commerce/commerce-api/guide/slas-public-client.html
"""

import base64
import hashlib
import secrets
from collections import OrderedDict
from http import HTTPStatus
from urllib.parse import parse_qs, quote, urlsplit

import msgspec
from msgspec import MsgspecError, Struct

from surestock.commerce.errors import BadAnswer, CartExpired, RateLimited, Unavailable
from surestock.commerce.http import Http
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.shapes import Token
from surestock.commerce.reply import Reply
from surestock.kit.clock import Clock

_MOST_REMEMBERED = 10_000
_VOID = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED}


class Session(Struct, frozen=True):
    """A guest's tokens. ``expires_at_s`` is when the access token ends, in seconds since 1970."""

    access_token: str
    refresh_token: str
    expires_at_s: int
    usid: str
    customer_id: str

    def __repr__(self) -> str:
        return f"Session({self.usid!r}, …)"

    @property
    def secrets(self) -> dict[str, str]:
        """The session as the secrets of a context."""
        return {name: str(value) for name, value in msgspec.structs.asdict(self).items()}


class Slas:
    """Signs guests in and renews their tokens."""

    def __init__(self, http: Http, config: SalesforceConfig, clock: Clock) -> None:
        self._http = http
        self._config = config
        self._clock = clock
        self._oauth2 = f"/shopper/auth/v1/organizations/{quote(config.organization_id)}/oauth2"
        self._renewed: OrderedDict[str, Session] = OrderedDict()

    async def guest(self, usid: str | None = None) -> Session:
        """Sign a guest in: a new one, or the one who has this ``usid``.

        Raises ``Unavailable``, ``RateLimited`` or ``BadAnswer``.
        """
        known = {} if usid is None else {"usid": usid}
        if self._config.client_secret is not None:
            return self._session(await self._token(grant_type="client_credentials", **known))
        verifier = secrets.token_urlsafe(48)
        code = await self._authorization(verifier, known)
        return self._session(
            await self._token(
                grant_type="authorization_code_pkce",
                redirect_uri=str(self._config.redirect_uri),
                code_verifier=verifier,
                **code,
            )
        )

    async def session(self, told: dict[str, str], lasting_s: int) -> Session:
        """Return a guest's newest session, renewed unless it lasts so many seconds more.

        Raises ``CartExpired`` when these are no secrets of ours, and what :meth:`renew` does.
        """
        try:
            session = msgspec.convert(told, Session, strict=False)
        except MsgspecError:
            raise CartExpired("The cart's session can't be read any more.") from None
        kept = self._renewed.get(session.usid, session)
        if kept.customer_id == session.customer_id and kept.expires_at_s > session.expires_at_s:
            session = kept
        if session.expires_at_s - self._now_s() > lasting_s:
            return session
        return await self.renew(session)

    async def renew(self, session: Session) -> Session:
        """Return a session of the same guest with new tokens.

        Raises ``CartExpired`` when the platform does not know the guest any more, and
        ``Unavailable``, ``RateLimited`` or ``BadAnswer``.
        """
        reply = await self._token(grant_type="refresh_token", refresh_token=session.refresh_token)
        if reply.status in _VOID:
            renewed = await self.guest(session.usid)
        else:
            renewed = self._session(reply)
        if renewed.customer_id != session.customer_id:
            raise CartExpired("The commerce platform does not know the cart's shopper any more.")
        self._renewed[session.usid] = renewed
        self._renewed.move_to_end(session.usid)
        if len(self._renewed) > _MOST_REMEMBERED:
            self._renewed.popitem(last=False)
        return renewed

    async def _authorization(self, verifier: str, known: dict[str, str]) -> dict[str, str]:
        """Return the code and the ``usid`` that the redirect carries (RFC 7636, method S256)."""
        digest = hashlib.sha256(verifier.encode()).digest()
        query = {
            "client_id": self._config.client_id,
            "redirect_uri": str(self._config.redirect_uri),
            "response_type": "code",
            "hint": "guest",
            "channel_id": self._channel,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            **known,
        }
        reply = await self._http.send("GET", f"{self._oauth2}/authorize", safe=True, query=query)
        if reply.status != HTTPStatus.SEE_OTHER:
            raise _not_let_in(reply)
        try:
            given = parse_qs(urlsplit(reply.headers.get("location", "")).query)
            return {"code": given["code"][0], "usid": given["usid"][0]}
        except (ValueError, KeyError):
            raise BadAnswer("The commerce platform's redirect carries no code.") from None

    async def _token(self, **form: str) -> Reply:
        config = self._config
        form["channel_id"] = self._channel
        headers = {}
        if config.client_secret is None:
            form["client_id"] = config.client_id
        else:
            pair = f"{config.client_id}:{config.client_secret}".encode()
            headers["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return await self._http.send(
            "POST", f"{self._oauth2}/token", safe=True, headers=headers, form=form
        )

    def _session(self, reply: Reply) -> Session:
        if not reply.is_success:
            raise _not_let_in(reply)
        token = reply.decode(Token)
        return Session(
            token.access_token,
            token.refresh_token,
            self._now_s() + token.expires_in,
            token.usid,
            token.customer_id,
        )

    @property
    def _channel(self) -> str:
        return self._config.channel_id or self._config.site_id

    def _now_s(self) -> int:
        return int(self._clock.now().timestamp())


def _not_let_in(reply: Reply) -> Unavailable | RateLimited:
    if reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimited(reply.retry_after_s)
    return Unavailable(
        f"The commerce platform lets no guest in (status {reply.status}).", reply.retry_after_s
    )
