"""Where the database is, and how long anybody waits for it."""

from urllib.parse import unquote, urlsplit

from msgspec import Struct

_DEFAULT_PORT = 5432


class DatabaseConfig(Struct, frozen=True):
    """Settings of the connections.

    ``url`` is ``postgres://user:password@host:port,host:port/database?sslmode=verify-full``. It may
    name several hosts: whichever of them takes writes is used. ``connect_s`` bounds the opening of
    one connection to one host, ``deadline_s`` one use of a connection from its begin to its end,
    ``lock_s`` a wait for a row that another transaction has, all in seconds. ``name`` is what the
    connections are called in ``pg_stat_activity``.
    """

    url: str
    connect_s: float = 2.0
    deadline_s: float = 3.0
    lock_s: float = 1.0
    name: str = "surestock"

    def hosts(self) -> list[tuple[str, int]]:
        """Return each host and its port, in the order of the URL; empty when it names none.

        Raises ``ValueError`` when it cannot be read.
        """
        netloc = urlsplit(self.url).netloc.rpartition("@")[2]
        return [_host_and_port(part) for part in netloc.split(",") if part]

    def place(self) -> str:
        """Return the URL without its secrets, for people to read."""
        hosts = ",".join(f"{host}:{port}" for host, port in self.hosts())
        return f"{hosts or 'local'}{urlsplit(self.url).path}"


def _host_and_port(part: str) -> tuple[str, int]:
    host, colon, port = part.rpartition(":")
    if not colon or port.endswith("]"):
        return unquote(part.strip("[]")), _DEFAULT_PORT
    if not (port.isascii() and port.isdigit()):
        msg = "a port is no number"  # what stands there instead may be a part of the password
        raise ValueError(msg)
    return unquote(host.strip("[]")), int(port)
