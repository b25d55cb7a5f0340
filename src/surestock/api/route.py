"""A route of the contract: declared to FastAPI by its signature, served without its machinery.

FastAPI reads the signature once, for OpenAPI. A request is bound to it here, by one convention: an
endpoint takes the call, then the ids of its path, then its body or its query, all checked. That
costs a fraction of FastAPI's own way, which solves a dependency graph for each request.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any, get_args

from fastapi.routing import APIRoute
from pydantic import BaseModel

from surestock.api.access import Gate
from surestock.api.answer import Answer
from surestock.api.body import read_model, read_optional
from surestock.api.call import Call
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.query import no_query, read_query
from surestock.api.request_headers import read_headers
from surestock.inventory.unavailable import ShuttingDown
from surestock.telemetry.trace import TRACEPARENT, find_parent

is_id = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}").fullmatch
_PLACEHOLDERS = re.compile(r"\{(\w+)\}")
_BAD_ID = (
    "must be 1 to 64 letters, digits, dots, underscores, colons or hyphens, and begin with a "
    "letter or a digit"
)


class CheckedRoute(APIRoute):
    """A route whose endpoint is called with nothing but checked arguments."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:  # noqa: ANN401
        super().__init__(path, endpoint, **options)
        self.method = next(iter(options["methods"]))
        self._endpoint: Callable[..., Awaitable[Answer]] = endpoint
        self._is_mutation = self.method != "GET"
        self.gate = Gate(self.openapi_extra)
        self._ids = [field.alias for field in self.dependant.path_params]
        self._store_first = self._ids[:1] == ["storeId"]
        if self._ids != _PLACEHOLDERS.findall(path):
            msg = f"{endpoint.__name__} takes {self._ids}, in an order that {path} has not"
            raise TypeError(msg)
        self._headers = frozenset(
            field.alias for needed in self.dependant.dependencies for field in needed.header_params
        )
        self._body: type[BaseModel] | None = None
        self._body_optional = False
        self._query: type[BaseModel] | None = None
        for field in self.dependant.body_params:
            self._body = _model(field.field_info.annotation)
            self._body_optional = not field.field_info.is_required()
        for field in self.dependant.query_params:
            self._query = _model(field.field_info.annotation)

    async def serve(self, call: Call, ids: list[str]) -> Answer:
        """Check whose the request is and what it holds, admit it, and let the endpoint answer it.

        Raises :class:`ValidationFailed` with everything that was found wrong, and
        :class:`ShuttingDown` for what would change something and came in after the end had begun.
        """
        service = call.service
        gate = self.gate
        if service.keys is not None:
            gate.check(call, service.keys, ids[0] if self._store_first else None)
        if self._is_mutation and service.feed.closed:
            raise ShuttingDown
        arguments = await self._arguments(call, ids)
        if gate.asks_platform and gate.worth is not None:
            limits: list[tuple[bytes, bytes]] = []
            call.limit_headers = limits
            await service.admission.let_by(call.limited_as, gate.worth, limits)
            _tell_platform(call)
            with service.platform_places.place():
                return await self._endpoint(call, *arguments)
        if gate.worth is not None:
            admission = service.admission
            if not admission.try_admit():
                call.limit_headers = []
                await admission.admit(call.limited_as, gate.worth, call.limit_headers)
            try:
                return await self._endpoint(call, *arguments)
            finally:
                admission.leave()
        if gate.asks_central:
            async with service.central_places.place():
                return await self._endpoint(call, *arguments)
        return await self._endpoint(call, *arguments)

    async def _arguments(self, call: Call, ids: list[str]) -> list[Any]:
        """Return the checked arguments of the endpoint, after the call itself."""
        faults: list[Fault] = []
        for name, value in zip(self._ids, ids, strict=True):
            if not is_id(value):
                faults.append(Fault("path", f"/{name}", _BAD_ID))
        if self._is_mutation:
            read_headers(call, self._headers, faults)
        argument: BaseModel | None = None
        try:
            if self._query is not None:
                argument = read_query(call, self._query)
            elif call.scope["query_string"]:
                no_query(call)
            if self._body is not None:
                read = read_optional if self._body_optional else read_model
                argument = await read(call, self._body)
        except ValidationFailed as error:
            faults.extend(error.faults)
        if faults:
            raise ValidationFailed(*faults)
        if self._body is None and self._query is None:
            return ids
        return [*ids, argument]


def _tell_platform(call: Call) -> None:
    """Let what the platform is asked for this request carry the request's trace."""
    header = call.headers.get(b"traceparent")
    is_valid = header is not None and find_parent(header) is not None
    TRACEPARENT.set(header.decode("ascii") if header is not None and is_valid else None)


def _model(annotation: Any) -> type[BaseModel]:  # noqa: ANN401 - a type, or a type or None
    found = next((part for part in get_args(annotation) if part is not type(None)), annotation)
    if not issubclass(found, BaseModel):
        msg = f"a body or a query is declared as a model, not as {annotation}"
        raise TypeError(msg)
    model: type[BaseModel] = found
    return model
