"""Reading a request's body: within a limit, of the right type, valid for its model."""

import re
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from surestock.api.body_budget import SMALL_BODY_BYTES
from surestock.api.call import Call
from surestock.api.errors import BodyTooLarge, ClientGone, UnsupportedMediaType, ValidationFailed
from surestock.api.faults import faults_of
from surestock.api.json_body import body_fault, parse_json

MOST_BODY_BYTES = 2 * 1024 * 1024
_JSON = b"application/json"
_JSON_TYPE = re.compile(
    rb"application/json[ \t]*(;[ \t]*(charset[ \t]*=[ \t]*\"?utf-8\"?[ \t]*)?)?", re.IGNORECASE
).fullmatch

_LONG = len(str(MOST_BODY_BYTES))
_MOST_DIGITS = 20

Model = TypeVar("Model", bound=BaseModel)


async def read_model(call: Call, model: type[Model]) -> Model:
    """Return the body as ``model``.

    Raises :class:`UnsupportedMediaType`, :class:`BodyTooLarge` or :class:`ValidationFailed`.
    """
    _check_type(call)
    return parse_model(await read_bytes(call), model)


def parse_model(body: bytes, model: type[Model]) -> Model:
    """Return ``body`` as ``model``. Raises :class:`ValidationFailed`."""
    try:
        value = parse_json(body)
    except ValueError as error:
        raise ValidationFailed(body_fault(error)) from error
    try:
        return model.__pydantic_validator__.validate_python(value)  # type: ignore[no-any-return]
    except ValidationError as error:
        raise ValidationFailed(*faults_of(error, "body")) from error


async def read_optional(call: Call, model: type[Model]) -> Model | None:
    """Return the body as ``model``, or None when there is no body."""
    body = await read_bytes(call)
    if not body:
        return None
    _check_type(call)
    return parse_model(body, model)


def _check_type(call: Call) -> None:
    given = call.headers.get(b"content-type", b"")
    if given != _JSON and not _JSON_TYPE(given):
        raise UnsupportedMediaType("application/json")


async def read_bytes(call: Call) -> bytes:
    """Return the whole body. Raises :class:`BodyTooLarge` as soon as it is known to be."""
    length = call.headers.get(b"content-length")
    if length is not None and len(length) >= _LONG and int(length[:_MOST_DIGITS]) > MOST_BODY_BYTES:
        raise BodyTooLarge("body", MOST_BODY_BYTES)
    if b"content-encoding" in call.headers:
        raise UnsupportedMediaType("application/json")
    message = await call.receive()
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    if len(body) > SMALL_BODY_BYTES:
        _account(call, len(body))
    if not message.get("more_body"):
        return body
    return await _read_rest(call, bytearray(body))


async def _read_rest(call: Call, body: bytearray) -> bytes:
    more = True
    while more:
        message = await call.receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        if len(body) > SMALL_BODY_BYTES:
            _account(call, len(body))
        more = message.get("more_body", False)
    return bytes(body)


def _account(call: Call, size: int) -> None:
    """Keep to the limit of one body, and to the memory that all large ones share.

    The gateway gives the memory back when the request has ended.
    """
    if size > MOST_BODY_BYTES:
        raise BodyTooLarge("body", MOST_BODY_BYTES)
    call.service.bodies.take(call.limited_as, size - call.body_bytes)
    call.body_bytes = size
