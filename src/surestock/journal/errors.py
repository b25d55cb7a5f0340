"""What can be wrong with the log."""

from errno import EMFILE, ENFILE, ENOMEM
from pathlib import Path

from surestock.kit.errors import SurestockError

_PASSING = {EMFILE, ENFILE, ENOMEM}


class JournalError(SurestockError):
    """The log cannot be used."""


class JournalDamaged(JournalError):
    """The log was altered or lost a part. ``line`` counts from 1, ``offset`` is in bytes."""

    def __init__(self, path: Path, line: int, offset: int, why: str) -> None:
        super().__init__(
            f"{path.name} line {line} at byte {offset}: {why}. Restore the file from a backup; "
            "Surestock does not start on a log that it cannot trust."
        )
        self.path = path
        self.line = line
        self.offset = offset
        self.why = why


class UnknownFormat(JournalError):
    """A segment says that it is of a format that this release does not know."""

    def __init__(self, path: Path, format_name: str) -> None:
        super().__init__(
            f"{path.name} is of format {format_name!r}, which this release cannot read. "
            "Use the release that wrote it, or a newer one."
        )
        self.format_name = format_name


class JournalHeld(JournalError):
    """Another process works on this log."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"The event log in {directory} is in use by {holder}. Stop that process first, or "
            "give this one a DATA_DIR of its own. Several processes share a log if all of them "
            "have LOCKS_ENABLED=true."
        )
        self.holder = holder


class LockStuck(JournalError):
    """The writer lock of a log that is to be shared is not let go of."""

    def __init__(self, directory: Path, holder: str) -> None:
        super().__init__(
            f"The event log in {directory} is being written by {holder}, which does not come to an "
            "end. If that process is paused, let it go on, or kill it."
        )


class LockReplaced(JournalError):
    """A file was removed while it was in use, by which processes keep out of each other's way."""

    def __init__(self, directory: Path) -> None:
        super().__init__(
            f"The file writer or frontier in {directory} was removed or replaced while processes "
            "use it. Stop all of them, then start them again."
        )


class WriteFailed(JournalError):
    """A batch could not be written, after all retries. Nothing of it is in the log."""


def passing(error: Exception) -> WriteFailed | None:
    """Return the failed write that an error amounts to which says nothing of the disk, or None.

    The machine has no descriptors or no memory to spare just now.
    """
    if isinstance(error, OSError) and error.errno in _PASSING:
        return WriteFailed(f"the event log cannot be opened: {error.strerror or error}")
    return None


class NoRoom(WriteFailed):
    """A torn tail cannot be set aside, because the disk is full. It was not cut either."""


class SyncFailed(JournalError):
    """fdatasync or fsync failed. Nobody knows what is on the disk: the process must end.

    Linux may mark the pages clean after a failed fsync, so one that succeeds later proves nothing.
    """
