"""Whether ``DATABASE_URL`` can be read. It may hold a password, so nothing of it is ever shown."""

from urllib.parse import urlsplit

_SCHEMES = ("postgres", "postgresql")
_HIGHEST_PORT = 65_535
_FORM = "should be like postgres://user:password@host:5432/database"


def checked_url(url: str) -> str:
    """Return ``url``. Raises ``ValueError`` when it is none, with words that give nothing away.

    A character of a password that stands in a URL as it is ends the user's part too early. Then
    what is left of the password would pass for a host or a database, and be shown as one.
    """
    # The driver is paid for only where there is a database.
    from surestock.database import DatabaseConfig  # noqa: PLC0415

    try:
        parts = urlsplit(url)
        hosts = DatabaseConfig(url).hosts()
    except ValueError:
        raise ValueError(_FORM) from None
    if parts.scheme not in _SCHEMES or any(not 0 < port <= _HIGHEST_PORT for _, port in hosts):
        raise ValueError(_FORM)
    if parts.fragment or ("@" in url and "@" not in parts.netloc):
        raise ValueError(f"{_FORM}, with %40 for @, %2F for /, %3F for ? and %23 for # in it")
    return url
