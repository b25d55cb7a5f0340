"""The query string, as strict as a body: no unknown, repeated or badly written parameter."""

import re
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from pydantic import BaseModel, BeforeValidator, ValidationError

from surestock.api.call import Call
from surestock.api.errors import Fault, ValidationFailed
from surestock.api.faults import faults_of

_IS_COUNT = re.compile("[0-9]{1,16}").fullmatch
_MOST_PARAMETERS = 32

Model = TypeVar("Model", bound=BaseModel)


def _count(value: object) -> object:
    if isinstance(value, str):
        if not _IS_COUNT(value):
            raise ValueError("must be written in at most 16 digits")
        return int(value)
    return value


Count = Annotated[int, BeforeValidator(_count)]
"""A number as a query writes it: digits, and nothing else."""


def read_query(call: Call, model: type[Model]) -> Model:
    """Return the query as ``model``. Raises :class:`ValidationFailed`."""
    try:
        pairs = parse_qsl(
            call.scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=_MOST_PARAMETERS,
        )
    except ValueError as error:
        raise ValidationFailed(Fault("query", "", "is not a query of UTF-8 text")) from error
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValidationFailed(Fault("query", "", "holds the same parameter twice"))
    try:
        return model.__pydantic_validator__.validate_python(values)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise ValidationFailed(*faults_of(error, "query")) from error


def no_query(call: Call) -> None:
    """Refuse the query of a route that has none. Raises :class:`ValidationFailed`."""
    text = call.scope["query_string"].decode("ascii", "replace")
    names = [name for name, _ in parse_qsl(text, keep_blank_values=True)] or [""]
    raise ValidationFailed(
        *(Fault("query", f"/{name}", "is not a parameter of this request") for name in names[:8])
    )
