"""What an error of the driver means, by its SQLSTATE.

Source: PostgreSQL documentation, Appendix A (error codes); 40003 and class 08 leave the outcome of
a COMMIT unknown, 40001 and 40P01 never do.
"""

import asyncio

import asyncpg

from surestock.database.errors import DatabaseDown, DatabaseError, DatabaseUnfit, TryAgain

_AGAIN = {"40001": "serialization failure", "40P01": "deadlock"}
_LOCK = {"55P03": "a lock was not free in time", "57014": "a statement took too long"}
_UNIQUE = "23505"
_GONE_CLASSES = ("08", "53", "57", "58", "XX")
_GONE = {"40003", "25P03", "25P04", "25006"}
_UNFIT = ("28", "3D", "3F", "42501", "42P01", "42703")
_ADVICE = {"3D000": "; make it, or correct its name in the URL"}


def named_fault(error: BaseException) -> DatabaseError | None:
    """Return what ``error`` means, or None when it means a defect here.

    25006 is a primary that became a standby, 25P03 a transaction that idled for too long, class 53
    a lack of resources (a full disk, too many connections), class 57 a server that is going down.
    """
    if isinstance(error, DatabaseError):
        return error
    if isinstance(error, asyncpg.PostgresError):
        return _of_state(error)
    if isinstance(error, asyncpg.InternalClientError):
        return DatabaseDown(f"the driver gave up: {_words(error)}")
    if isinstance(error, asyncpg.InterfaceError):
        return DatabaseDown(f"the connection was closed: {_words(error)}")
    if isinstance(error, OSError | TimeoutError | asyncio.IncompleteReadError):
        return DatabaseDown(_words(error))
    return None


def _of_state(error: asyncpg.PostgresError) -> DatabaseError | None:
    state = getattr(error, "sqlstate", None) or ""
    words = _words(error)
    if state in _AGAIN or isinstance(error, asyncpg.InvalidCachedStatementError):
        return TryAgain(f"{_AGAIN.get(state, 'the tables were changed')}: {words}")
    if state in _LOCK:
        return TryAgain(f"{_LOCK[state]}: {words}", is_lock=True)
    if state == _UNIQUE:
        return TryAgain(words, constraint=getattr(error, "constraint_name", None) or "?")
    if state in _GONE or state.startswith(_GONE_CLASSES):
        return DatabaseDown(words)
    if state.startswith(_UNFIT):
        return DatabaseUnfit(words + _ADVICE.get(state, ""))
    return None


def _words(error: BaseException) -> str:
    return str(error).strip() or type(error).__name__
