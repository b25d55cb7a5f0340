"""The OpenAPI document: what FastAPI makes of the declarations, corrected where it guesses."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from surestock.api.schemas.batch import BatchBody
from surestock.api.schemas.problem import problem_schemas

_REF = "#/components/schemas/{model}"
_ABOUT = (
    "The consistency-first inventory service: the number is right. Every mutation is durable "
    "before it is answered, versions are fences, and a repeated Idempotency-Key gets the first "
    "answer again."
)
_GUESSED = "422"


def make_document(app: FastAPI) -> dict[str, Any]:
    """Return the document. Malformed requests are answered with 400 here, and never with 422."""
    document = get_openapi(
        title=app.title, version=app.version, description=_ABOUT, routes=app.routes
    )
    for operation in _operations(document):
        operation["responses"].pop(_GUESSED, None)
    schemas = document["components"]["schemas"]
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas |= problem_schemas()
    _, batch = models_json_schema([(BatchBody, "validation")], ref_template=_REF)
    schemas |= batch["$defs"]
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from path.values()
