"""A body's bytes as JSON values, or what is wrong with them.

msgspec is fast and strict (no NaN, no broken UTF-8, bounded nesting), but lets the last of two
equal members win. When no string is escaped, the parsed value written out again has as many
quotation marks as the body, unless a member was dropped: that finds duplicates at the price of
writing. A body with a backslash is read again by the standard parser, which shows every member.

orjson was measured as well: alone it is as quick, but it takes and frees a large buffer for each
body, and within a request that costs the allocator several microseconds.
"""

import json
from typing import Any

from msgspec import MsgspecError
from msgspec.json import Decoder, Encoder

from surestock.api.errors import Fault

_decode = Decoder().decode
_encode = Encoder().encode
_QUOTE = b'"'
_TWICE = "holds an object with the same member twice"


def parse_json(body: bytes) -> Any:  # noqa: ANN401 - JSON is any of seven types
    """Return the JSON value in ``body``. Raises ``ValueError``, with a sentence for the client."""
    try:
        value = _decode(body)
        if b"\\" in body:
            json.loads(body, object_pairs_hook=_reject_duplicates)
        elif _encode(value).count(_QUOTE) != body.count(_QUOTE):
            raise ValueError(_TWICE)
    except MsgspecError as error:
        raise ValueError(f"is not JSON: {error}") from error
    except UnicodeDecodeError as error:
        raise ValueError("is not UTF-8 text") from error
    except RecursionError as error:
        raise ValueError("is nested too deeply") from error
    return value


def body_fault(error: ValueError) -> Fault:
    """Name a body that is not JSON at all."""
    return Fault("body", "", str(error))


def _reject_duplicates(members: list[tuple[str, Any]]) -> None:
    names = {name for name, _ in members}
    if len(names) != len(members):
        raise ValueError(_TWICE)
