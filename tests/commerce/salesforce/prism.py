"""Prism between provider and fake: what either of them says is checked against the descriptions.

Salesforce publishes an OpenAPI description for each of its APIs, with paths that begin after the
API's own. One document that refers to their paths lets one proxy check all four. The
descriptions are not part of this repository; where they are absent, so is the check.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.real.absent import Absent
from tests.real.node import node_environment, node_server, staged
from tests.real.process import Server, steady_port

PROJECT = Path(__file__).parent / "server"
_SHARED = Path(__file__).resolve().parents[4] / "shared" / "commerce"
_DESCRIPTIONS = {
    "/shopper/auth/v1": ("auth-oas-1.50.0.yaml", ("oauth2/authorize", "oauth2/token")),
    "/checkout/shopper-baskets/v2": (
        "shopper-baskets-oas-2.9.0.yaml",
        (
            "baskets",
            "baskets/{basketId}",
            "baskets/{basketId}/customer",
            "baskets/{basketId}/items",
            "baskets/{basketId}/payment-instruments",
            "baskets/{basketId}/payment-instruments/{paymentInstrumentId}",
            "baskets/{basketId}/shipments/{shipmentId}/shipping-address",
            "baskets/{basketId}/shipments/{shipmentId}/shipping-method",
        ),
    ),
    "/checkout/shopper-orders/v1": ("shopper-orders-oas-1.15.0.yaml", ("orders",)),
    "/customer/shopper-customers/v1": (
        "shopper-customers-oas-1.8.0.yaml",
        ("customers/{customerId}/orders",),
    ),
}


@contextmanager
def checking(upstream: str, folder: Path) -> Iterator[tuple[Server, str]]:
    """Run a proxy in front of ``upstream``, and give it and its address.

    It answers 4xx to a request that the description does not allow, and 500 for such an answer.
    Raises Absent without the descriptions, without Node, or when Prism can't be installed.
    """
    document = folder / "descriptions.json"
    document.write_text(json.dumps(_what_is_asked_for()))
    place = staged(PROJECT, folder / "prism")
    port = steady_port()
    command = ["node", "--require", "./hand_redirects_on.js", "node_modules/.bin/prism", "proxy"]
    command += ["--errors", "--verboseLevel", "warn", "--host", "127.0.0.1", "--port", str(port)]
    command += [str(document), upstream]
    with node_server(command, place, node_environment(), port) as (server, _):
        yield server, f"http://127.0.0.1:{port}"


def _what_is_asked_for() -> dict[str, Any]:
    """Return one document that refers to the paths; whatever else is asked for has none."""
    paths: dict[str, Any] = {}
    schemes: dict[str, Any] = {}
    for prefix, (name, ends) in _DESCRIPTIONS.items():
        file = _SHARED / name
        if not file.exists():
            raise Absent(f"{name} is not in ../shared/commerce")
        for end in ends:
            path = f"/organizations/{{organizationId}}/{end}"
            pointer = path.replace("/", "~1")
            paths[prefix + path] = {"$ref": f"{file}#/paths/{pointer}"}
        schemes["ShopperToken"] = {"$ref": f"{file}#/components/securitySchemes/ShopperToken"}
    return {
        "openapi": "3.0.3",
        "info": {"title": "What a guest asks for", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }
