"""Ways to a database for which no machine is too slow: a server may stand still for seconds."""

from typing import Final

from surestock.database import DatabaseConfig

_LONG_S: Final = 20.0


def patient(url: str, *, deadline_s: float = _LONG_S) -> DatabaseConfig:
    """Return the way to the database of a URL."""
    return DatabaseConfig(url, connect_s=_LONG_S, deadline_s=deadline_s)
