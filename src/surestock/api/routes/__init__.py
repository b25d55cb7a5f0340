"""The endpoints. Each takes the call, the ids of its path, and its body or query, all checked."""

from collections.abc import Iterator

from fastapi import APIRouter

from surestock.api.route import CheckedRoute
from surestock.api.routes import (
    batch,
    carts,
    catalog,
    central,
    checkout,
    document,
    feed,
    health,
    reservations,
    stock,
)

ROUTERS: tuple[APIRouter, ...] = (
    stock.routes,
    reservations.routes,
    batch.routes,
    catalog.routes,
    carts.routes,
    checkout.routes,
    central.routes,
    feed.routes,
    health.routes,
    document.routes,
)


def all_routes() -> Iterator[CheckedRoute]:
    """Yield every route of the contract."""
    for router in ROUTERS:
        for route in router.routes:
            if not isinstance(route, CheckedRoute):
                msg = f"{route} is not served by the gateway"
                raise TypeError(msg)
            yield route
