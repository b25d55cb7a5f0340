"""The port's verbs, as moves of a Vendure order.

A quantity is made absolute by looking first; Vendure itself only adds. Placing is one payment that
is added: Vendure settles each that comes, so it is sent once, and only for an order that waits for
the payment of this very attempt.
"""

from contextlib import suppress
from typing import Final

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import (
    BadAnswer,
    CartExpired,
    ItemNotFound,
)
from surestock.commerce.http import Http
from surestock.commerce.port import (
    Capabilities,
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.providers.vendure import mapping
from surestock.commerce.providers.vendure.admin import Admin
from surestock.commerce.providers.vendure.answer import ActiveOrder, Line
from surestock.commerce.providers.vendure.config import VendureConfig
from surestock.commerce.providers.vendure.graphql import Api
from surestock.commerce.providers.vendure.ordering import arrange, changeable, pay
from surestock.commerce.providers.vendure.refusal import Refused
from surestock.commerce.providers.vendure.shop import (
    ADDING_ITEMS,
    TOKEN,
    Session,
    open_session,
)
from surestock.kit.clock import Clock

_NOT_FOUND: Final = "ENTITY_NOT_FOUND"
_CANCELLED: Final = "Cancelled"


class VendureProvider:
    """A Vendure shop. Times out by the bounds of its HTTP client only."""

    name = "vendure"

    def __init__(self, config: VendureConfig, _clock: Clock) -> None:
        self._config = config
        self._http = Http(config.http)
        self._shop = Api(self._http, config.shop_path, config.channel_token)
        admin = Api(self._http, config.admin_path, config.channel_token)
        self._admin = Admin(admin, config.admin, config.attempt_field)
        self.capabilities = Capabilities(
            idempotent_place=False, stock="partial", settles_s=config.settles_s
        )

    async def open_cart(
        self,
        currency: str,
        reference: str,  # noqa: ARG002 -- no place for it
    ) -> RemoteCart:
        """Begin a session with an empty order in it."""
        token, order = await open_session(self._shop, currency, self._config.attempt_field)
        context = ExternalContext(self.name, order.code, {TOKEN: token})
        return self._cart(context, order)

    async def read_cart(self, context: ExternalContext) -> RemoteCart:
        """Return the session's order, if it is still this one."""
        return self._cart(context, await self._session(context).read())

    async def set_quantity(
        self,
        context: ExternalContext,
        item: WantedItem,
        line: RemoteLine | None,  # noqa: ARG002 -- where it stands is looked up
    ) -> RemoteCart:
        """Add what is missing or adjust what is there, and see to it that it is so many then."""
        session = self._session(context)
        order = await changeable(session)
        lines = order.lines_of(item.sku)
        if lines:
            return self._cart(context, await self._adjust(session, lines, item))
        order = await self._add(session, item)
        lines = order.lines_of(item.sku)
        if sum(line.quantity for line in lines) != item.qty:
            order = await self._adjust(session, lines, item)
        return self._cart(context, order)

    async def remove_item(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take out every line of the SKU."""
        session = self._session(context)
        order = await changeable(session)
        for found in order.lines_of(line.sku):
            order = await session.remove(found)
        return self._cart(context, order)

    async def prepare_checkout(self, context: ExternalContext, request: OrderRequest) -> RemoteCart:
        """Tell all that Vendure wants to know, the attempt's id too, and wait for the payment.

        Raises ``Conflict`` when neither request nor configuration names a customer or an address.
        """
        session = self._session(context)
        await changeable(session)
        return self._cart(context, await arrange(session, request, self._config))

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        """Add the payment, if the order waits for the payment of this attempt.

        An order of this attempt that is placed already, or has a payment under way, is returned as
        it is.
        """
        session = self._session(context)
        try:
            order = await session.read()
        except CartExpired:
            placed = await self._admin.find_order(request.attempt_id)
            if placed is None:
                raise
            return placed
        return await pay(session, order, request, self._config)

    async def find_order(
        self,
        context: ExternalContext,  # noqa: ARG002 -- the attempt's id says it all
        attempt_id: str,
    ) -> PlacedOrder | None:
        """Ask the Admin API: guests can't look up an order whose payment is under way."""
        return await self._admin.find_order(attempt_id)

    async def close_cart(self, context: ExternalContext) -> None:
        """Cancel the order, unless it waits for a payment that may be under way."""
        session = self._session(context)
        with suppress(CartExpired):
            if (await session.read()).state == ADDING_ITEMS:
                await session.move(_CANCELLED)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _session(self, context: ExternalContext) -> Session:
        return Session(self._shop, context, self._config.attempt_field)

    async def _add(self, session: Session, item: WantedItem) -> ActiveOrder:
        """Add an item, by an id that is looked up anew when the one we remember is gone."""
        for _ in range(2):
            variant = await self._admin.get_variant(item.sku)
            try:
                return await session.add(variant, item.qty, item.sku)
            except Refused as refused:
                if refused.code != _NOT_FOUND:
                    raise
                self._admin.forget_variant(item.sku)
        raise ItemNotFound(item.sku)

    async def _adjust(
        self, session: Session, lines: tuple[Line, ...], item: WantedItem
    ) -> ActiveOrder:
        """Let the first line hold them all. Several stand there where the shop splits lines."""
        if not lines:
            raise BadAnswer("The commerce platform added an item, and shows no line of it.")
        for line in lines[1:]:
            await session.remove(line)
        return await session.adjust(lines[0], item.qty)

    def _cart(self, context: ExternalContext, order: ActiveOrder) -> RemoteCart:
        return mapping.remote_cart(context, order, self._config.prices)
