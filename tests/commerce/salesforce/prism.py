"""Prism between provider and fake: what either of them says is checked against the descriptions.

Salesforce publishes an OpenAPI description for each of its APIs, with paths that begin after the
API's own. One document that refers to all of their paths lets one proxy check all four. The
descriptions are not part of this repository; where they are absent, so is the check.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.real.absent import Absent
from tests.real.node import node_environment, node_server, staged
from tests.real.process import Server, free_port

PROJECT = Path(__file__).parent / "server"
_SHARED = Path(__file__).resolve().parents[4] / "shared" / "commerce"
_DESCRIPTIONS = {
    "/shopper/auth/v1": "auth-oas-1.50.0.yaml",
    "/checkout/shopper-baskets/v2": "shopper-baskets-oas-2.9.0.yaml",
    "/checkout/shopper-orders/v1": "shopper-orders-oas-1.15.0.yaml",
    "/customer/shopper-customers/v1": "shopper-customers-oas-1.8.0.yaml",
}


@contextmanager
def checking(upstream: str, folder: Path) -> Iterator[tuple[Server, str]]:
    """Run a proxy in front of ``upstream``, and give it and its address.

    It answers 4xx to a request that the description does not allow, and 500 for such an answer.
    Raises Absent without the descriptions, without Node, or when Prism can't be installed.
    """
    document = folder / "descriptions.json"
    document.write_text(json.dumps(_all_of_them()))
    place = staged(PROJECT, folder / "prism")
    port = free_port()
    command = ["node", "--require", "./hand_redirects_on.js", "node_modules/.bin/prism", "proxy"]
    command += ["--errors", "--verboseLevel", "warn", "--host", "127.0.0.1", "--port", str(port)]
    command += [str(document), upstream]
    with node_server(command, place, node_environment(), port) as (server, _):
        yield server, f"http://127.0.0.1:{port}"


def _all_of_them() -> dict[str, Any]:
    paths: dict[str, Any] = {}
    schemes: dict[str, Any] = {}
    for prefix, name in _DESCRIPTIONS.items():
        file = _SHARED / name
        if not file.exists():
            raise Absent(f"{name} is not in ../shared/commerce")
        description = yaml.load(file.read_bytes(), yaml.CSafeLoader)
        schemes |= description["components"]["securitySchemes"]
        for path in description["paths"]:
            pointer = path.replace("~", "~0").replace("/", "~1")
            paths[prefix + path] = {"$ref": f"{file}#/paths/{pointer}"}
    return {
        "openapi": "3.0.3",
        "info": {"title": "Everything that a shopper may ask for", "version": "1"},
        "paths": paths,
        "components": {"securitySchemes": schemes},
    }
