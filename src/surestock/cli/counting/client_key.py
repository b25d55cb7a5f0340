"""The API key that an import sends: out of a file, or out of SURESTOCK_KEY."""

import os
import stat
from pathlib import Path

from surestock.access.credential import is_key
from surestock.cli.counting.errors import TargetUnusable
from surestock.cli.failing import tell

_MOST_BYTES = 4096
_OTHERS = 0o077


def client_key(file: Path | None, from_environment: str | None) -> str | None:
    """Return the key in ``file``, or without one that of the environment, if there is any.

    Raises :class:`TargetUnusable` for what is no key, without repeating it, and ``OSError``.
    """
    if file is None:
        return None if from_environment is None else _checked(from_environment, "SURESTOCK_KEY")
    with file.open("rb") as opened:
        mode = stat.S_IMODE(os.fstat(opened.fileno()).st_mode)
        content = opened.read(_MOST_BYTES)
    if mode & _OTHERS:
        tell(f"note: others can read {file} (mode {mode:04o}); chmod 600 keeps the key yours.")
    return _checked(content.decode(errors="replace"), str(file))


def _checked(text: str, where: str) -> str:
    key = text.strip()
    if is_key(key) is None:
        raise TargetUnusable(f"{where} holds no API key: one looks like sk_ID_SECRET.")
    return key
