"""The two doors of Medusa: the Store API with a publishable key, the Admin API with a secret one.

https://docs.medusajs.com/api/store#publishable-api-key, https://docs.medusajs.com/api/admin
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import TypeVar
from urllib.parse import quote

from surestock.commerce.http import Http
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.refusal import refusal
from surestock.commerce.providers.medusa.shapes import (
    CART_FIELDS,
    MARK_FIELDS,
    ORDER_FIELDS,
    Cart,
    CartAnswer,
    LineGone,
    Marks,
)
from surestock.commerce.reply import Reply

_T = TypeVar("_T")


class Store:
    """Sends what Medusa understands, and reads its answers or raises what they mean."""

    def __init__(self, config: MedusaConfig) -> None:
        self._http = Http(config.http)
        self._public = {"x-publishable-api-key": config.publishable_key}
        self._secret: dict[str, str] | None = None
        if config.secret_key is not None:
            # The key is the user's name of a login without a password.
            login = b64encode(f"{config.secret_key}:".encode()).decode("ascii")
            self._secret = {"authorization": f"Basic {login}"}

    @property
    def has_admin(self) -> bool:
        """Whether orders can be listed."""
        return self._secret is not None

    async def get(self, path: str, query: Mapping[str, str] | None, form: type[_T]) -> _T:
        """Read something of the shop. ``path`` goes on from ``/store``."""
        reply = await self._http.send(
            "GET", f"/store{path}", safe=True, headers=self._public, query=query
        )
        return _read(reply, form)

    async def post(
        self, path: str, body: object, form: type[_T], fields: str, sku: str | None = None
    ) -> _T:
        """Change something that may be changed again in the same way."""
        reply = await self._http.send(
            "POST",
            f"/store{path}",
            safe=True,
            headers=self._public,
            query={"fields": fields},
            json=body,
        )
        return _read(reply, form, sku)

    async def cart(self, cart_id: str) -> Cart:
        """Return a cart. Raises ``CartExpired`` when there is none of that id."""
        return (await self.get(cart_path(cart_id), {"fields": CART_FIELDS}, CartAnswer)).cart

    async def change_cart(self, path: str, body: object, sku: str | None = None) -> Cart:
        """Change a cart, and return it. ``sku`` is what the change is about, if one."""
        return (await self.post(path, body, CartAnswer, CART_FIELDS, sku)).cart

    async def remove_line(self, cart_id: str, line_id: str) -> Cart:
        """Take a line out, and return the cart. One that is gone already is no error there."""
        reply = await self._http.send(
            "DELETE",
            "/store" + line_path(cart_id, line_id),
            safe=True,
            headers=self._public,
            query={"fields": CART_FIELDS},
        )
        return _read(reply, LineGone).parent

    async def complete(self, cart_id: str) -> Reply:
        """Make an order of a cart; the answer needs more than one look."""
        return await self._http.send(
            "POST",
            f"/store{cart_path(cart_id)}/complete",
            safe=False,
            headers=self._public,
            query={"fields": ORDER_FIELDS},
            json={},
        )

    async def marks(self, query: Mapping[str, str]) -> Marks:
        """Return by what some orders of the shop are recognized, with the secret key."""
        reply = await self._http.send(
            "GET",
            "/admin/orders",
            safe=True,
            headers=self._secret,
            query={**query, "fields": MARK_FIELDS},
        )
        return _read(reply, Marks)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()


def cart_path(cart_id: str) -> str:
    """Return where a cart is, below ``/store``."""
    return f"/carts/{quote(cart_id, safe='')}"


def line_path(cart_id: str, line_id: str) -> str:
    """Return where a line of a cart is, below ``/store``."""
    return f"{cart_path(cart_id)}/line-items/{quote(line_id, safe='')}"


def order_path(order_id: str) -> str:
    """Return where an order is, below ``/store``."""
    return f"/orders/{quote(order_id, safe='')}"


def _read(reply: Reply, form: type[_T], sku: str | None = None) -> _T:
    if not reply.is_success:
        raise refusal(reply, sku)
    return reply.decode(form)
