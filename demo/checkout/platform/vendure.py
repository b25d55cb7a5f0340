"""A real Vendure on a PostgreSQL of its own, behind a wire that loses answers.

Vendure settles each payment that reaches it, so a second one would be a second charge. Its own
stock never runs out: only the service stands between a launch day and an oversold device.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

from demo.checkout.books import PaidOrder, Receipt, Story, Units
from demo.checkout.cards import Cards
from demo.checkout.goods import PLENTY, Product
from demo.checkout.platform.mishap import SETTLES_S, SHARES, TIMEOUT_S, fates
from demo.checkout.platform.wire import HOST, Wire
from tests.commerce.vendure.shop import TAX_PERCENT, Shop, Sold, shop_of_its_own

_PAYS = b"addPaymentToOrder"
_ORDERS = """
SELECT o.code, o."customFieldsExternalkey", c."emailAddress", count(*)
FROM "order" o JOIN payment p ON p."orderId" = o.id LEFT JOIN customer c ON c.id = o."customerId"
WHERE p.state IN ('Authorized', 'Settled') GROUP BY o.id, c.id ORDER BY o.id"""
_LINES = """
SELECT o.code, v.sku, sum(l.quantity) FROM order_line l JOIN "order" o ON o.id = l."orderId"
JOIN product_variant v ON v.id = l."productVariantId" WHERE l.quantity > 0 GROUP BY o.id, v.sku"""


class Vendure:
    """Satisfies :class:`demo.checkout.platform.port.Platform`."""

    name = "vendure"
    counted = "The orders were counted in Vendure's database, past the service."
    cards = Cards(good={"token": "ok"}, bad={"token": "decline"})

    def __init__(self, shop: Shop, seed: int) -> None:
        self._shop = shop
        self._seed = seed
        self._wire: Wire | None = None

    @asynccontextmanager
    async def wired(self) -> AsyncIterator[bytes]:
        """Let everything that the service sends go over the wire."""
        port = urlsplit(self._shop.url).port
        assert port is not None
        self._wire = Wire(port, _PAYS, fates(self._seed))
        async with self._wire.listening() as here:
            http = {
                "base_url": f"http://{HOST}:{here}",
                "read_s": TIMEOUT_S,
                "total_s": TIMEOUT_S,
            }
            yield self._shop.config(http=http, settles_s=SETTLES_S)

    def mishaps(self) -> Mapping[str, int | None]:
        """Return what happened on the wire."""
        happened = {} if self._wire is None else self._wire.happened
        return {fate: happened.get(fate, 0) for fate in SHARES}

    def orders(
        self, receipts: Mapping[str, Receipt], stories: Mapping[str, Story]
    ) -> tuple[PaidOrder, ...]:
        """Read Vendure's own tables."""
        del receipts, stories
        units: defaultdict[str, Units] = defaultdict(Units)
        for code, sku, count in self._shop.rows(_LINES):
            units[str(code)][str(sku)] = int(count or 0)
        return tuple(
            PaidOrder(
                number=str(code),
                attempt=str(attempt),
                user=str(email).partition("@")[0],
                payments=int(payments or 0),
                units=units[str(code)],
            )
            for code, attempt, email, payments in self._shop.rows(_ORDERS)
        )


@contextmanager
def vendure(goods: Sequence[Product], seed: int) -> Iterator[Vendure]:
    """Start it and fill it. Raises ``Absent`` without Node, npm or PostgreSQL."""
    with shop_of_its_own([_sold(product) for product in goods]) as shop:
        yield Vendure(shop, seed)


def _sold(product: Product) -> Sold:
    """Return the product at its price before tax."""
    net = product.price * 100 // (100 + TAX_PERCENT)
    return Sold(product.sku, product.name, net, PLENTY)
