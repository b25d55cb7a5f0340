"""The socket is bound before anything else starts, so that a taken port costs nothing.

It listens only once the engine has recovered: until then a client is refused, not kept waiting.
"""

import ipaddress
import socket

from surestock.runtime.errors import StartRefused
from surestock.runtime.settings import Settings

_BACKLOG = 2048


def bind(host: str, port: int) -> socket.socket:
    """Return a bound socket that does not listen yet. Raises :class:`StartRefused`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise StartRefused(f"HOST={host!r} is no address of this machine: {error}.") from error
    bound = socket.socket(family, kind, protocol)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
    except OSError as error:
        bound.close()
        raise StartRefused(f"Cannot serve on {host} port {port}: {error.strerror}.") from error
    return bound


def listen(bound: socket.socket) -> None:
    """Listen. Raises :class:`StartRefused` when somebody else does, who had bound it as well.

    Until somebody listens, an address that may be used again at once can be bound twice.
    """
    try:
        bound.listen(_BACKLOG)
    except OSError as error:
        host, port = bound.getsockname()[:2]
        raise StartRefused(f"Cannot serve on {host} port {port}: {error.strerror}.") from error


def check_reach(settings: Settings, bound: socket.socket) -> None:
    """Refuse to be reached by others without keys. Raises :class:`StartRefused`."""
    address = bound.getsockname()[0]
    if settings.api_keys_file is None and not ipaddress.ip_address(address).is_loopback:
        raise StartRefused(
            f"HOST={settings.host} can be reached from other machines, and without API_KEYS_FILE "
            "anybody there could change stock. Make a key (surestock keys create --help) and set "
            "API_KEYS_FILE, or serve on 127.0.0.1."
        )
