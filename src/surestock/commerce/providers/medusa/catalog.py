"""What a shop sells and where: asked for once, then remembered.

Ids do not change in Medusa. A variant that is sold no more is forgotten when a cart is refused it.
"""

from collections.abc import Sequence
from urllib.parse import urlencode

from surestock.commerce.errors import Conflict, ItemNotFound
from surestock.commerce.providers.medusa.config import MedusaConfig
from surestock.commerce.providers.medusa.shapes import Item, Regions, Variant, Variants
from surestock.commerce.providers.medusa.store import Store

_MOST_REMEMBERED = 10_000
_MOST_AT_ONCE = 20
"""Medusa reads longer lists of a query as something else."""


class Catalog:
    """Finds variants and regions."""

    def __init__(self, store: Store, config: MedusaConfig) -> None:
        self._store = store
        self._configured = config.variants
        self._variants: dict[str, str] = {}
        self._regions = {currency.upper(): region for currency, region in config.regions.items()}

    async def variant(self, sku: str) -> str:
        """Return the id of the variant with a SKU. Raises ``ItemNotFound``."""
        known = self._configured.get(sku) or self._variants.get(sku)
        if known is not None:
            return known
        query = {"sku": sku, "limit": "1", "fields": "id,sku"}
        found = (await self._store.get("/product-variants", query, Variants)).variants
        # What ignores the filter answers with any variant, which must not be sold for this one.
        if not found or found[0].sku != sku:
            raise ItemNotFound(sku)
        if len(self._variants) >= _MOST_REMEMBERED:
            del self._variants[next(iter(self._variants))]
        self._variants[sku] = found[0].id
        return found[0].id

    def forget(self, sku: str) -> None:
        """Ask for the variant again the next time."""
        self._variants.pop(sku, None)

    async def region(self, currency: str) -> str:
        """Return the id of a region that sells in a currency. Raises ``Conflict`` without one."""
        known = self._regions.get(currency)
        if known is not None:
            return known
        query = {"currency_code": currency.lower(), "limit": "1", "fields": "id,currency_code"}
        found = (await self._store.get("/regions", query, Regions)).regions
        if not found or found[0].currency_code.upper() != currency:
            raise Conflict(f"The commerce platform sells nothing in {currency}.")
        self._regions[currency] = found[0].id
        return found[0].id

    async def find_shortage(self, items: Sequence[Item]) -> tuple[str, int] | None:
        """Return a SKU of which there are fewer than ``items`` want, and how many there are."""
        wanted = {item.variant_id: item for item in items if item.variant_id is not None}
        ids = list(wanted)
        for start in range(0, len(ids), _MOST_AT_ONCE):
            for variant in await self._stock(ids[start : start + _MOST_AT_ONCE]):
                item = wanted.get(variant.id)
                there_are = variant.inventory_quantity
                if item is None or item.variant_sku is None or there_are is None:
                    continue
                if variant.manage_inventory and there_are < item.quantity:
                    return item.variant_sku, max(there_are, 0)
        return None

    async def _stock(self, ids: Sequence[str]) -> list[Variant]:
        fields = "id,sku,manage_inventory,inventory_quantity"
        pairs = [*(("id[]", variant) for variant in ids), ("fields", fields)]
        # The query is part of the path, because it names one parameter several times.
        path = f"/product-variants?{urlencode(pairs)}"
        return (await self._store.get(path, None, Variants)).variants
