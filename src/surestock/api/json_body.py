"""A body's bytes as JSON values, or what is wrong with them.

orjson is fast and strict (no NaN, no broken UTF-8, bounded nesting), but lets the last of two equal
members win. When no string is escaped, the parsed value written out again has as many quotation
marks as the body, unless a member was dropped: that finds duplicates at the price of writing. A
body with a backslash is read again by the standard parser, which shows every member.
"""

import json
from typing import Any

import orjson

from surestock.api.errors import Fault

_QUOTE = b'"'


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is any of seven types
    """Return the JSON value in ``body``. Raises ``ValueError``, with a sentence for the client."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ValueError(f"is not JSON: {error}") from error
    if b"\\" not in body:
        if orjson.dumps(value).count(_QUOTE) != body.count(_QUOTE):
            raise ValueError("holds an object with the same member twice")
        return value
    try:
        json.loads(body, object_pairs_hook=_reject_duplicates)
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    return value


def body_fault(error: ValueError) -> Fault:
    """Name a body that is not JSON at all."""
    return Fault("body", "", str(error))


def _reject_duplicates(members: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in members}
    if len(names) != len(members):
        raise ValueError("holds an object with the same member twice")
