"""What is on sale: devices of which there are too few, accessories in plenty, and a plan."""

from typing import NamedTuple

STORE = "online"
CURRENCY = "EUR"
MODELS = 12
PLENTY = 1_000_000
CASE, CHARGER, PLAN = "case", "charger", "plan-unlimited"


class Product(NamedTuple):
    """An entry of the catalog. ``price`` in minor units, with 10 % tax in it without a remainder.

    ``units`` is how many of it there are, None for what needs no stock.
    """

    sku: str
    name: str
    kind: str
    price: int
    units: int | None


def goods(devices: int) -> list[Product]:
    """Return what is on sale when there are so many devices, shared out over all models."""
    models = [
        Product(
            f"phone-{number:02}",
            f"Phone {number}",
            "device",
            49_500 + 5500 * number,
            devices // MODELS + (number <= devices % MODELS),
        )
        for number in range(1, MODELS + 1)
    ]
    return [
        *models,
        Product(CASE, "Case", "accessory", 2200, PLENTY),
        Product(CHARGER, "Charger", "accessory", 3300, PLENTY),
        Product(PLAN, "Unlimited plan", "plan", 4400, None),
    ]
