"""Open a connection to one host, and make sure that it may be trusted."""

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg

from surestock.database.config import DatabaseConfig
from surestock.database.deadline import cut_after
from surestock.database.errors import DatabaseDown, DatabaseUnfit
from surestock.database.faults import named_fault
from surestock.database.named import named_statements

_SQL = named_statements("surestock.database", "session.sql")
_SAID_HERE = "target_session_attrs"
_OLDEST = 150000


class Standby(DatabaseUnfit):
    """It follows a primary, and takes no changes until it is promoted."""


async def connect_to(
    config: DatabaseConfig, host: str | None, port: int | None
) -> asyncpg.Connection:
    """Return a new connection to a primary at ``host``, within ``connect_s``.

    Without a host, the driver finds the place. Raises :class:`DatabaseDown`,
    :class:`DatabaseUnfit`, and :class:`Standby`.
    """
    now = asyncio.get_running_loop().time
    until = now() + config.connect_s
    where = "the database" if host is None else f"{host}:{port}"
    with _at(where, is_remote=host is not None and not host.startswith("/")):
        connection = await asyncpg.connect(
            _without_attributes(config.url),
            host=host,
            port=port,
            timeout=config.connect_s,
            server_settings={"application_name": config.name},
        )
        try:
            with cut_after(connection, max(0.0, until - now())):
                await connection.execute(_limits(config))
                _check(await connection.fetchrow(_SQL["fitness"]))
        except BaseException:
            connection.terminate()
            raise
    return connection


@contextmanager
def _at(where: str, *, is_remote: bool) -> Iterator[None]:
    """Name the fault of what is done in the block, and the host."""
    try:
        yield
    except DatabaseUnfit as error:
        raise type(error)(f"{where}: {error}") from error
    except (ssl.SSLError, ValueError, asyncpg.ClientConfigurationError) as error:
        raise DatabaseUnfit(f"{where}: {error}") from error
    except FileNotFoundError as error:
        if not is_remote:
            raise DatabaseDown(f"{where}: there is no socket: {error}") from error
        told = "a file of certificates or keys that its URL names is not there"
        raise DatabaseUnfit(f"{where}: {told}") from error
    except Exception as error:
        named = named_fault(error)
        if named is None and isinstance(error, asyncpg.PostgresError):
            # It refuses the session itself, so no statement here can be to blame.
            named = DatabaseDown(str(error))
        if named is None:
            raise
        raise type(named)(f"{where}: {named}") from error


def _without_attributes(url: str) -> str:
    """Leave out what is checked here, on each host by itself."""
    parts = urlsplit(url)
    said = [(name, value) for name, value in parse_qsl(parts.query) if name != _SAID_HERE]
    return urlunsplit(parts._replace(query=urlencode(said)))


def _limits(config: DatabaseConfig) -> str:
    """Return what bounds the session on the server's side, when this side cannot be heard."""
    deadline_s = max(1, round(config.deadline_s))
    return _SQL["limits"].format(
        lock_ms=round(config.lock_s * 1000),
        deadline_ms=round(config.deadline_s * 1000),
        deadline_s=deadline_s,
        gone_s=4 * deadline_s,
    )


def _check(found: asyncpg.Record | None) -> None:
    assert found is not None
    if found["is_standby"]:
        raise Standby("it is a standby, which takes no changes; connect to the primary")
    for name in ("fsync", "synchronous_commit"):
        if found[name] == "off":
            raise DatabaseUnfit(
                f"{name} is off there, so a crash would lose what was acknowledged; turn it on"
            )
    if found["encoding"] != "UTF8":
        raise DatabaseUnfit(f"its encoding is {found['encoding']}; make a database with UTF8")
    if found["version"] < _OLDEST:
        raise DatabaseUnfit("it is older than PostgreSQL 15; use a newer one")
