"""Statements stand in ``.sql`` files, each under its name, where an editor knows what they are."""

import re
from importlib.resources import files
from types import MappingProxyType

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)


def named_statements(package: str, file: str) -> MappingProxyType[str, str]:
    """Return the statements of ``file`` in ``package``, by name.

    A statement follows a line ``-- name: like_this`` and reaches up to the next such line. Raises
    ``ValueError`` when a name stands there twice.
    """
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    parts = _NAME.split(text)
    names, bodies = parts[1::2], parts[2::2]
    if len(set(names)) != len(names):
        raise ValueError(f"{file} names a statement twice")
    return MappingProxyType({name: body.strip() for name, body in zip(names, bodies, strict=True)})
