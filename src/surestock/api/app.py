"""The application: FastAPI for the declarations and the document, the gateway for the requests."""

from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp

from surestock import __version__
from surestock.api.document import make_document
from surestock.api.gateway import Gateway
from surestock.api.routes import ROUTERS, all_routes
from surestock.api.service import Service


class Surestock(FastAPI):
    """FastAPI without its middleware: the gateway does what is needed of that, in one place."""

    def __init__(self, service: Service | None) -> None:
        super().__init__(
            title="Surestock",
            version=__version__,
            docs_url=None,
            redoc_url=None,
            openapi_url=None,
        )
        self._service = service
        for router in ROUTERS:
            self.include_router(router)

    def build_middleware_stack(self) -> ASGIApp:
        """Return the gateway. Called by Starlette at the first request."""
        if self._service is None:
            msg = "this application was made to be documented, not to be served"
            raise RuntimeError(msg)
        return Gateway(list(all_routes()), self._service)

    def openapi(self) -> dict[str, Any]:
        """Return the contract as OpenAPI."""
        if self.openapi_schema is None:
            self.openapi_schema = make_document(self)
        return self.openapi_schema


def build_app(service: Service) -> Surestock:
    """Return the application that serves ``service``."""
    return Surestock(service)
