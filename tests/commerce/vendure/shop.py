"""A real Vendure, seeded with what a test or a demonstration wants to sell.

The first one of a cluster is filled by its seed script, which takes seconds; each gets a copy of
that database.
"""

import csv
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx
import msgspec

from tests.real.node import node_environment, node_server, run_node, staged
from tests.real.postgres import Cluster, postgres_cluster

_SERVER: Final = Path(__file__).with_name("server")
_ADMIN: Final = {"username": "keeper", "password": "opens-nothing-but-this"}
CURRENCY: Final = "EUR"
TAX_PERCENT: Final = 10
SHIPPING: Final = 500
_COLUMNS: Final = (
    *("name", "slug", "description", "assets", "facets", "optionGroups", "optionValues", "sku"),
    *("price", "taxCategory", "stockOnHand", "trackInventory", "variantAssets", "variantFacets"),
)


@dataclass(frozen=True)
class Sold:
    """A product: ``price`` is before tax, in minor units; ``stock`` is how many there are."""

    sku: str
    name: str
    price: int
    stock: int


SCARCE: Final = Sold("DEVICE-RARE", "Rare device", 9999, 5)
PRODUCTS: Final = (
    Sold("WIDGET-S", "Widget S", 1000, 1000),
    Sold("WIDGET-L", "Widget L", 1250, 1000),
    Sold("CABLE-1M", "Cable 1 m", 700, 1000),
    SCARCE,
)


@dataclass(frozen=True)
class Shop:
    """A running Vendure at ``url``, with its database."""

    url: str
    cluster: Cluster
    database: str

    def config(self, **more: object) -> bytes:
        """Return what the file that COMMERCE_CONFIG_FILE names holds for this shop."""
        settings = {
            "http": {"base_url": self.url},
            "admin": _ADMIN,
            "prices": "gross",
            "payment_method": "test-payment",
            "customer": {"email": "guest@example.org", "firstName": "Ada", "lastName": "Guest"},
            "address": {
                "line1": "Main Street 1",
                "city": "Berlin",
                "postalCode": "10115",
                "country": "DE",
            },
        }
        return msgspec.json.encode(settings | more)

    def ask(self, deed: str, code: str = "") -> None:
        """Let the shop do one of the deeds of lab.js, and wait until it has."""
        answer = httpx.get(f"{self.url}/lab/{deed}/{code}", timeout=30, trust_env=False)
        assert answer.status_code == 204, answer.text

    def rows(self, statement: str) -> list[tuple[str | None, ...]]:
        """Return what the database holds, whatever the shop says."""
        return self.cluster.execute(statement, self.database)


@contextmanager
def running_shop(cluster: Cluster, products: Sequence[Sold] = PRODUCTS) -> Iterator[Shop]:
    """Give a shop that sells these. Raises Absent where there is no Node, and none can be had."""
    with tempfile.TemporaryDirectory(prefix="surestock-vendure-") as scratch:
        folder = staged(_SERVER, Path(scratch) / "vendure")
        _write(products, folder / "products.csv")
        template = _seeded(cluster, folder)
        database = f"{template}_{hashlib.sha256(scratch.encode()).hexdigest()[:8]}"
        url = cluster.create_database(database, template)
        with node_server(["node", "server.js"], folder, _environment(url)) as (_, port):
            yield Shop(f"http://127.0.0.1:{port}", cluster, database)


@contextmanager
def shop_of_its_own(products: Sequence[Sold] = PRODUCTS) -> Iterator[Shop]:
    """Give a shop with a PostgreSQL of its own: all that a demonstration needs."""
    with postgres_cluster() as cluster, running_shop(cluster, products) as shop:
        yield shop


def _seeded(cluster: Cluster, folder: Path) -> str:
    """Return the name of a database with these products, which is made when it is not there."""
    digest = hashlib.sha256((folder / "products.csv").read_bytes())
    name = f"vendure_{digest.hexdigest()[:12]}"
    known = cluster.execute(f"SELECT 1 FROM pg_database WHERE datname = '{name}'")  # noqa: S608
    if not known:
        settings = _environment(cluster.create_database(name)) | {"SYNCHRONIZE": "true"}
        run_node(["node", "seed.js"], folder, settings)
    return name


def _environment(url: str) -> dict[str, str]:
    return node_environment(
        DATABASE_URL=url,
        CURRENCY=CURRENCY,
        ADMIN_USERNAME=_ADMIN["username"],
        ADMIN_PASSWORD=_ADMIN["password"],
        VENDURE_DISABLE_TELEMETRY="true",
    )


def _write(products: Sequence[Sold], file: Path) -> None:
    with file.open("w", newline="", encoding="utf-8") as target:
        table = csv.DictWriter(target, _COLUMNS, restval="")
        table.writeheader()
        for product in products:
            table.writerow(
                {
                    "name": product.name,
                    "slug": product.sku.lower(),
                    "sku": product.sku,
                    "price": f"{product.price // 100}.{product.price % 100:02}",
                    "taxCategory": "standard",
                    "stockOnHand": product.stock,
                    "trackInventory": "true",
                }
            )
