"""The application: FastAPI for the declarations and the document, the gateway for the requests."""

from typing import Any

from fastapi import FastAPI

from surestock import __version__
from surestock.api.call import Receive, Scope, Send
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
        for router in ROUTERS:
            self.include_router(router)
        self._service = service
        self._gateway = None if service is None else Gateway(list(all_routes()), service)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if self._gateway is None:
            msg = "this application was made to be documented, not to be served"
            raise RuntimeError(msg)
        scope["app"] = self
        await self._gateway(scope, receive, send)

    def end_streams(self) -> None:
        """Let every stream that would go on for ever come to its end, and begin no other."""
        if self._service is not None:
            self._service.feed.close()
            self._service.streams.end()

    def openapi(self) -> dict[str, Any]:
        """Return the contract as OpenAPI."""
        if self.openapi_schema is None:
            self.openapi_schema = make_document(self)
        return self.openapi_schema


def build_app(service: Service) -> Surestock:
    """Return the application that serves ``service``."""
    return Surestock(service)
