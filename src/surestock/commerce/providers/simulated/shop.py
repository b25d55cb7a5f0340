"""The simulated platform itself: carts that go when they lie idle, stock, and a till."""

from collections import OrderedDict

from msgspec import Struct

from surestock.cart.model import ExternalContext
from surestock.commerce.errors import (
    CartExpired,
    Conflict,
    InsufficientStock,
    ItemNotFound,
    PaymentDeclined,
)
from surestock.commerce.port import (
    OrderRequest,
    PlacedOrder,
    RemoteCart,
    RemoteLine,
    WantedItem,
)
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.till import Delay, Till
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource

NAME = "simulated"
_KEY = "key"


class _Cart(Struct):
    context: ExternalContext
    currency: str
    used_at: float
    lines: dict[str, RemoteLine]
    lines_made: int = 0
    ordered_as: str | None = None


class Shop:
    """Every method is one step: it does all that it says, or raises and does nothing.

    But where ``stock`` is "partial" it does as real platforms do: the cart then holds what there
    is, and the error is raised nevertheless.
    """

    def __init__(self, config: SimulatedConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._ids = IdSource()
        self._carts: OrderedDict[str, _Cart] = OrderedDict()
        self.stock = dict(config.in_stock)
        self.prices = dict(config.prices)
        self.till = Till(config.most_orders, clock.monotonic)

    def open(self, currency: str) -> RemoteCart:
        """Make an empty cart; the one that lay idle for the longest makes place when need be."""
        self._drop_idle()
        if len(self._carts) >= self._config.most_carts:
            self._carts.popitem(last=False)
        cart_id = f"sim-cart-{self._ids.next()}"
        context = ExternalContext(NAME, cart_id, {_KEY: self._ids.next()})
        cart = _Cart(context, currency, self._clock.monotonic(), {})
        self._carts[cart_id] = cart
        return _show(cart)

    def read(self, context: ExternalContext) -> RemoteCart:
        """Return the cart."""
        return _show(self._use(context))

    def set(self, context: ExternalContext, item: WantedItem) -> RemoteCart:
        """Let the cart hold so many; ``CartExpired``, ``ItemNotFound``, ``InsufficientStock``."""
        cart = self._use_open(context)
        sells = self._config.sells
        if sells is not None and item.sku not in sells:
            raise ItemNotFound(item.sku)
        there_are = self._find_stock(item.sku)
        if there_are is not None and item.qty > there_are:
            if self._config.stock == "partial" and there_are:
                self._put(cart, item, there_are)
            raise InsufficientStock(item.sku, there_are)
        self._put(cart, item, item.qty)
        return _show(cart)

    def remove(self, context: ExternalContext, line: RemoteLine) -> RemoteCart:
        """Take a line out, if it is there."""
        cart = self._use_open(context)
        held = cart.lines.get(line.sku)
        if held is not None and held.line_id == line.line_id:
            del cart.lines[line.sku]
        return _show(cart)

    def prepare(self, context: ExternalContext) -> RemoteCart:
        """Return the cart, if it can be ordered."""
        return _show(self._use_open(context))

    def place(self, context: ExternalContext, request: OrderRequest, delay: Delay) -> PlacedOrder:
        """Make an order of the cart, that can be seen after ``delay``."""
        config = self._config
        cart = self._use(context)
        if cart.ordered_as is not None and not config.doubles:
            earlier = self.till.accepted(request.attempt_id)
            if config.idempotent_place and earlier is not None:
                return earlier
            raise Conflict("The simulated platform has made an order of this cart already.")
        method = None if request.payment is None else request.payment.method
        if method in config.declined_methods:
            raise PaymentDeclined("The simulated platform refused the payment.")
        lines = tuple(cart.lines.values())
        if not lines:
            raise Conflict("The simulated platform orders no empty cart.")
        for line in lines:
            there_are = self._find_stock(line.sku)
            if there_are is not None and line.qty > there_are:
                raise InsufficientStock(line.sku, there_are)
        for line in lines:
            if self._find_stock(line.sku) is not None:
                self.stock[line.sku] -= line.qty
        cart.ordered_as = request.attempt_id
        pending_s = config.pending_s if method in config.pending_methods else None
        amount = (_total(lines), cart.currency)
        return self.till.place(request.attempt_id, amount, delay, pending_s)

    def drop(self, context: ExternalContext) -> None:
        """Forget a cart, if it is there."""
        self._carts.pop(context.external_cart_id, None)

    def _use(self, context: ExternalContext) -> _Cart:
        self._drop_idle()
        cart = self._carts.get(context.external_cart_id)
        if cart is None or cart.context != context:
            raise CartExpired("The simulated platform has no such cart.")
        cart.used_at = self._clock.monotonic()
        self._carts.move_to_end(context.external_cart_id)
        return cart

    def _use_open(self, context: ExternalContext) -> _Cart:
        cart = self._use(context)
        if cart.ordered_as is not None:
            raise CartExpired("The simulated platform has made an order of this cart.")
        return cart

    def _drop_idle(self) -> None:
        limit = self._clock.monotonic() - self._config.cart_idle_s
        while self._carts:
            first = next(iter(self._carts.values()))
            if first.used_at > limit:
                return
            self._carts.popitem(last=False)

    def _find_stock(self, sku: str) -> int | None:
        return None if self._config.stock == "none" else self.stock.get(sku)

    def _put(self, cart: _Cart, item: WantedItem, qty: int) -> None:
        held = cart.lines.get(item.sku)
        if held is None:
            cart.lines_made += 1
        line_id = held.line_id if held is not None else f"line-{cart.lines_made}"
        price = self.prices.get(item.sku, item.unit_price)
        cart.lines[item.sku] = RemoteLine(line_id, item.sku, qty, price)


def _total(lines: tuple[RemoteLine, ...]) -> int:
    return sum(line.qty * (line.unit_price or 0) for line in lines)


def _show(cart: _Cart) -> RemoteCart:
    lines = tuple(cart.lines.values())
    return RemoteCart(cart.context, lines, cart.currency, _total(lines))
