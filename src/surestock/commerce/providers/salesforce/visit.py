"""A guest in the shop, for as long as one verb takes, with tokens that may change on the way."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import quote

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import BadAnswer
from surestock.commerce.http import Http
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.errors import refusal
from surestock.commerce.providers.salesforce.shapes import Basket
from surestock.commerce.providers.salesforce.slas import Session, Slas
from surestock.commerce.reply import Reply

NAME = "salesforce"
_USUAL_S = 60
"""A token that ends sooner is renewed before it is used."""


class Shop:
    """The site's shopper APIs."""

    def __init__(self, http: Http, config: SalesforceConfig, slas: Slas) -> None:
        organization = f"organizations/{quote(config.organization_id)}"
        self.baskets = f"/checkout/shopper-baskets/v2/{organization}/baskets"
        self.orders = f"/checkout/shopper-orders/v1/{organization}/orders"
        self.customers = f"/customer/shopper-customers/v1/{organization}/customers"
        self.config = config
        self.slas = slas
        self.http = http

    async def enter(self) -> "Visit":
        """Begin as a new guest."""
        return Visit(self, await self.slas.guest())

    async def come_back(self, context: ExternalContext, lasting_s: int = _USUAL_S) -> "Visit":
        """Go on as the guest of a context, with a token that lasts so many seconds more.

        Raises ``CartExpired`` when the guest is not known any more.
        """
        session = await self.slas.session(context.secrets, lasting_s)
        return Visit(self, session, context.external_cart_id)


class Visit:
    """One guest's calls. ``session`` is the newest; ``basket_id`` is empty before there is one."""

    def __init__(self, shop: Shop, session: Session, basket_id: str = "") -> None:
        self.shop = shop
        self.session = session
        self.basket_id = basket_id

    @property
    def context(self) -> ExternalContext:
        """What to come back with."""
        return ExternalContext(NAME, self.basket_id, self.session.secrets)

    @property
    def basket(self) -> str:
        """The path of the basket."""
        return f"{self.shop.baskets}/{quote(self.basket_id, safe='')}"

    async def change(
        self,
        method: str,
        part: str,
        json: object = None,
        query: Mapping[str, str] | None = None,
        sku: str | None = None,
    ) -> Basket:
        """Change a part of the basket to what is given, and return the basket.

        Raises what the platform's refusal stands for; ``sku`` is what the change is about.
        """
        return self.basket_in(await self.send(method, self.basket + part, json, query), sku)

    def basket_in(self, reply: Reply, sku: str | None = None) -> Basket:
        """Return this visit's basket from an answer, or raise what the answer stands for."""
        if not reply.is_success:
            raise refusal(reply, self.shop.config.declined_types, sku)
        basket = reply.decode(Basket)
        if basket.basket_id != self.basket_id:
            raise BadAnswer("The commerce platform answered with another basket.")
        return basket

    async def send(
        self,
        method: str,
        path: str,
        json: object = None,
        query: Mapping[str, str] | None = None,
        *,
        safe: bool = True,
    ) -> Reply:
        """Send a request as the guest, once more if the token was not accepted.

        A request that is turned away for its token was not carried out, so this repeats nothing.
        Raises what :meth:`Http.send` and :meth:`Slas.renew` do.
        """
        reply = await self._send(method, path, json, query, safe=safe)
        if reply.status != HTTPStatus.UNAUTHORIZED:
            return reply
        self.session = await self.shop.slas.renew(self.session)
        return await self._send(method, path, json, query, safe=safe)

    async def _send(
        self,
        method: str,
        path: str,
        json: object,
        query: Mapping[str, str] | None,
        *,
        safe: bool,
    ) -> Reply:
        return await self.shop.http.send(
            method,
            path,
            safe=safe,
            headers={"authorization": f"Bearer {self.session.access_token}"},
            query={"siteId": self.shop.config.site_id, **(query or {})},
            json=json,
        )
