"""The OpenAPI document: what FastAPI makes of the declarations, corrected where it guesses."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from surestock.api.access import SCHEME
from surestock.api.documented import errors
from surestock.api.schemas.batch import BatchBody
from surestock.api.schemas.problem import problem_schemas

_REF = "#/components/schemas/{model}"
_ABOUT = (
    "The consistency-first inventory service: the number is right. Every mutation is durable "
    "before it is answered, versions are fences, and a repeated Idempotency-Key gets the first "
    "answer again."
)
_GUESSED = "422"
_KEYS = (
    "An API key. The scopes that a route needs stand beside it; where the service runs without a "
    "key file, which it does on loopback alone, nobody needs a key."
)


def make_document(app: FastAPI) -> dict[str, Any]:
    """Return the document. Malformed requests are answered with 400 here, and never with 422."""
    document = get_openapi(
        title=app.title, version=app.version, description=_ABOUT, routes=app.routes
    )
    for operation in _operations(document):
        operation["responses"].pop(_GUESSED, None)
        _tell_of_admission(operation)
        for parameter in operation.get("parameters", ()):
            _without_null(parameter)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            _without_null(content)
    document["components"]["securitySchemes"] = {
        SCHEME: {"type": "http", "scheme": "bearer", "description": _KEYS}
    }
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas |= problem_schemas()
    _, batch = models_json_schema([(BatchBody, "validation")], ref_template=_REF)
    schemas |= batch["$defs"]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    whole: dict[str, Any] = _whole(document)
    return whole


def _tell_of_admission(operation: dict[str, Any]) -> None:
    """Add what every route answers that needs a key, or that goes through admission."""
    responses = operation["responses"]
    more = errors(401, 403) if "security" in operation else {}
    if "shedAs" in operation.get("x-surestock", {}) or "429" in responses:
        more |= errors(429)
    for status, told in more.items():
        responses[str(status)] = told
    operation["responses"] = dict(sorted(responses.items()))


def _whole(value: Any) -> Any:  # noqa: ANN401 - JSON is any of seven types
    """Write bounds of integers as integers, which FastAPI makes floats of."""
    if isinstance(value, dict):
        return {name: _whole(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _without_null(described: dict[str, Any]) -> None:
    """Say of what may be left out that it may be left out, and not that it may be null."""
    schema = described["schema"]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        described["schema"] = {**kinds[0], **schema}


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()
