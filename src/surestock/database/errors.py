"""What can go wrong between this process and the database, told apart by what is to be done."""

from surestock.kit.errors import SurestockError


class DatabaseError(SurestockError):
    """Something about the database that is no answer to a statement."""


class DatabaseDown(DatabaseError):
    """It cannot be reached, does not answer in time, or ended the connection.

    What the connection was about to commit may be committed, if COMMIT was sent.
    """


class DatabaseUnfit(DatabaseError):
    """It answers, and must not be trusted with stock as it is: somebody has to change that."""


class SchemaBehind(DatabaseUnfit):
    """Its tables are not those that this release works with."""


class TryAgain(DatabaseError):
    """The transaction met another one and was rolled back; the same again may succeed.

    ``is_lock`` tells that it waited for a lock for as long as it may. ``constraint`` names what was
    there already, when that is what it met.
    """

    def __init__(self, message: str, *, is_lock: bool = False, constraint: str = "") -> None:
        super().__init__(message)
        self.is_lock = is_lock
        self.constraint = constraint
