"""JSON values as YAML, for people to read: blocks for structure, JSON for every scalar.

JSON's scalars are YAML's as well, so no text needs a second set of quoting rules.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

_PLAIN_KEY = re.compile(r"[A-Za-z$][A-Za-z0-9$-]{2,}").fullmatch
_WORDS = {"true", "false", "null", "yes", "off"}


def to_yaml(value: Mapping[str, Any]) -> str:
    """Return ``value`` as a YAML document."""
    return "".join(f"{line}\n" for line in _block(value))


def _block(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON is any of seven types
    if isinstance(value, Mapping) and value:
        for key, member in value.items():
            yield from _entry(f"{_key(key)}:", member)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        for item in value:
            first, *rest = _block(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
    else:
        yield orjson.dumps(value).decode()


def _entry(key: str, member: Any) -> Iterator[str]:  # noqa: ANN401 - the same
    lines = list(_block(member))
    if isinstance(member, Mapping | list) and member:
        yield key
        yield from (f"  {line}" for line in lines)
    else:
        yield f"{key} {lines[0]}"


def _key(key: str) -> str:
    plain = _PLAIN_KEY(key) is not None and key.lower() not in _WORDS
    return key if plain else orjson.dumps(key).decode()
