"""Why a move cannot be, or did not come to its end."""

from surestock.kit.errors import SurestockError


class MoveRefused(SurestockError):
    """The source or the target is not what a move needs. Nothing was changed."""


class MoveUnproved(SurestockError):
    """Both sides do not amount to the same, so nobody may serve from the new one."""


class DiskFailed(SurestockError):
    """A file of the target cannot be written or read.

    It has a name of its own: where a connection is in use, an ``OSError`` means that connection.
    """
