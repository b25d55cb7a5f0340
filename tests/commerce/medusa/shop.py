"""A real Medusa on a real PostgreSQL, with a few things to sell."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec

from surestock.commerce.port import WantedItem
from tests.real.node import node_environment, node_server, run_node, staged
from tests.real.postgres import Cluster, postgres_cluster
from tests.real.process import Server

PHONE: Final = WantedItem("phone-1", 1, 19_99, "Phone", "device")
PLAN: Final = WantedItem("plan-1", 1, 10_00, "Plan", "plan")
CASE: Final = WantedItem("case-1", 1, 5_05, "Case", "accessory")
SCARCE: Final = WantedItem("scarce-1", 1, 49_00, "Watch", "device")
LAST: Final = WantedItem("last-1", 1, 70_00, "Last one", "device")
SHIPPING: Final = 5_00
_STOCK: Final = {PHONE: 10_000, PLAN: None, CASE: 10_000, SCARCE: 3, LAST: 1}

_HALF_DONE: Final = (
    "SELECT metadata ->> 'surestock_attempt' FROM cart JOIN order_cart ON cart_id = cart.id"
    " WHERE completed_at IS NOT NULL"
)
_SERVER: Final = Path(__file__).parent / "server"
_DATABASE: Final = "shop"
_MEDUSA: Final = "node_modules/.bin/medusa"


class Keys(msgspec.Struct, frozen=True, rename="camel"):
    """What the seed made to open the shop with."""

    publishable_key: str
    secret_key: str


@dataclass(frozen=True)
class Shop:
    """A Medusa that is running."""

    url: str
    keys: Keys
    cluster: Cluster
    place: Path
    environment: Mapping[str, str]

    def query(self, statement: str) -> list[tuple[str | None, ...]]:
        """Ask the shop's database."""
        return self.cluster.execute(statement, _DATABASE)

    def orders_of(self, attempt_id: str) -> int:
        """Return how many orders stand that bear the attempt's id."""
        rows = self.query(
            "SELECT metadata ->> 'surestock_attempt' FROM \"order\""
            " WHERE status <> 'canceled' AND deleted_at IS NULL"
        )
        return rows.count((attempt_id,))

    async def until_half_done(self, attempt_id: str) -> None:
        """Return when the attempt's cart is completed and has an order: only to pay is left."""
        while (attempt_id,) not in self.query(_HALF_DONE):  # noqa: ASYNC110 -- another process
            await asyncio.sleep(0.05)

    def forget_cart(self, cart_id: str) -> None:
        """Take a cart away, as the shop's own housekeeping would."""
        assert cart_id.replace("_", "").isalnum()
        self.query(f"UPDATE cart SET deleted_at = now() WHERE id = '{cart_id}'")  # noqa: S608

    def add_gift(self, cart_id: str, sku: str, qty: int) -> None:
        """Add to a cart what its other line of the SKU does not take up: it has a note on it."""
        variants = self.query("SELECT id, sku FROM product_variant")
        (variant,) = (found for found, its_sku in variants if its_sku == sku)
        body = {"variant_id": variant, "quantity": qty, "metadata": {"note": "a gift"}}
        headers = {"x-publishable-api-key": self.keys.publishable_key}
        url = f"{self.url}/store/carts/{cart_id}/line-items"
        httpx.post(url, json=body, headers=headers, trust_env=False).raise_for_status()

    @contextmanager
    def another(self) -> Iterator[tuple[Server, str]]:
        """Run a second Medusa on the same database, to be killed."""
        with node_server([_MEDUSA, "start"], self.place, self.environment) as (server, port):
            yield server, f"http://127.0.0.1:{port}"


@contextmanager
def running_shop(folder: Path) -> Iterator[Shop]:
    """Install, migrate, seed and start it. Raises Absent where something is missing."""
    with postgres_cluster() as cluster:
        # "ci" refuses a lock file that does not name every other system's packages.
        place = staged(_SERVER, folder / "medusa", "install")
        shelf = [
            {"sku": item.sku, "name": item.name, "price": item.unit_price, "stock": stock}
            for item, stock in _STOCK.items()
        ]
        environment = node_environment(
            DATABASE_URL=cluster.create_database(_DATABASE),
            MEDUSA_DISABLE_TELEMETRY="true",
            SEED=msgspec.json.encode(shelf).decode(),
        )
        run_node([_MEDUSA, "db:migrate", "--skip-scripts"], place, environment)
        run_node([_MEDUSA, "exec", "./seed.js"], place, environment)
        keys = msgspec.json.decode((place / "keys.json").read_bytes(), type=Keys)
        with node_server([_MEDUSA, "start"], place, environment) as (_, port):
            yield Shop(f"http://127.0.0.1:{port}", keys, cluster, place, environment)
