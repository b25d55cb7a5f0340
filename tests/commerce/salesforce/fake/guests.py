"""The fake's SLAS: guests, their tokens, and refresh tokens that are void once they are used."""

import base64
import hashlib
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlencode

from tests.commerce.salesforce.fake.wire import Answer, Asked, document

CLIENT, SECRET, REDIRECT = "client-1", "secret-1", "http://localhost:3000/callback"
LASTS_S = 1800
_DAYS_30_S = 2_592_000


@dataclass
class Guests:
    """Who may shop. ``forgets`` makes whoever signs in another customer."""

    access: dict[str, str] = field(default_factory=dict)
    refresh: dict[str, str] = field(default_factory=dict)
    customers: dict[str, str] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    grants: list[str] = field(default_factory=list)
    forgets: bool = False
    numbers: "count[int]" = field(default_factory=count)

    def authorize(self, asked: Asked) -> Answer:
        query = asked.query
        if query.get("client_id") != CLIENT or query.get("hint") != "guest":
            return _refused(400, "invalid_request")
        code, usid = f"code-{next(self.numbers)}", query.get("usid") or self._usid()
        self.codes[code] = (query["code_challenge"], usid)
        given = urlencode({"code": code, "usid": usid})
        answer = document(303, "")
        answer.headers["location"] = f"{query['redirect_uri']}?{given}"
        return answer

    def token(self, asked: Asked) -> Answer:
        form = asked.form
        kind = form["grant_type"]
        self.grants.append(kind)
        private = "authorization" in asked.headers
        if private and asked.headers["authorization"] != _basic():
            return _refused(401, "invalid_client")
        if not private and form.get("client_id") != CLIENT:
            return _refused(400, "invalid_request")
        if kind == "refresh_token":
            return self._renewed(form["refresh_token"], private=private)
        if kind == "client_credentials" and private:
            return self._given(form.get("usid") or self._usid())
        challenge, usid = self.codes.pop(form["code"])
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != challenge:
            return _refused(400, "invalid_grant")
        return self._given(usid)

    def _renewed(self, old: str, *, private: bool) -> Answer:
        usid = self.refresh.get(old)
        if usid is None:
            return _refused(400, "invalid_grant")
        if private:
            return self._given(usid, old)
        del self.refresh[old]
        return self._given(usid)

    def _usid(self) -> str:
        return f"usid-{next(self.numbers)}"

    def _given(self, usid: str, refresh: str | None = None) -> Answer:
        if self.forgets or usid not in self.customers:
            self.customers[usid] = f"customer-{next(self.numbers)}"
        token = f"access-{next(self.numbers)}"
        refresh = refresh or f"refresh-{next(self.numbers)}"
        self.access[token] = self.customers[usid]
        self.refresh[refresh] = usid
        return document(
            200,
            {
                "access_token": token,
                "id_token": "id",
                "refresh_token": refresh,
                "expires_in": LASTS_S,
                "refresh_token_expires_in": _DAYS_30_S,
                "token_type": "Bearer",
                "usid": usid,
                "customer_id": self.customers[usid],
                "enc_user_id": "D41D8CD98F00B204E9800998ECF8427E",
                "idp_access_token": "none",
            },
        )


def _basic() -> str:
    return "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()


def _refused(status: int, error: str) -> Answer:
    return document(status, {"error": error}, "application/problem+json")
