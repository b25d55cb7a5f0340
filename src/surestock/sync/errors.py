"""What can go wrong between the log and the central view."""

from surestock.journal.errors import JournalDamaged, JournalError
from surestock.kit.errors import SurestockError


class FoldError(SurestockError):
    """One change cannot be folded into the view. Its SKU is parked; all others go on."""


class CannotFold(SurestockError):
    """The fold stops before record ``sequence``: to go past it would falsify some SKU unnoticed."""

    def __init__(self, sequence: int, why: str) -> None:
        super().__init__(f"Record {sequence} cannot be folded into the central view: {why}.")
        self.sequence = sequence


class CentralDamaged(SurestockError):
    """A file in ``central/`` was altered or lost a part. ``what`` says so without advice."""

    def __init__(self, what: str, lost: str) -> None:
        super().__init__(
            f"{what}. Restore the file from a backup, or delete the folder central/: it is made "
            f"again from the log, {lost}."
        )
        self.what = what


def without_places(error: SurestockError | OSError) -> str:
    """Return what is wrong in words that clients may read: no file and no folder is named."""
    if isinstance(error, OSError):
        return error.strerror or "the disk cannot be used"
    if isinstance(error, JournalDamaged):
        return f"the event log is damaged: {error.why}"
    if isinstance(error, JournalError | CentralDamaged):
        return "a file cannot be read as it was written"
    return str(error)
