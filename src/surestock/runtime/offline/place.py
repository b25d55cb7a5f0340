"""Where things stand in a data directory, and who works on it."""

from pathlib import Path

from surestock.kit.errors import SurestockError

_EVENT_LOG = "event-log"
_LOCKS = Path("/proc/locks")


class NoEventLog(SurestockError):
    """The directory is not there, or holds no event log."""


def event_log_of(data_dir: Path) -> Path:
    """Return the folder of the event log, which may not be there yet."""
    return data_dir / _EVENT_LOG


def existing_event_log(data_dir: Path) -> Path:
    """Return the folder of the event log. Raises :class:`NoEventLog` when there is none."""
    if not data_dir.exists():
        raise NoEventLog(f"There is no data directory {data_dir}.")
    if not data_dir.is_dir():
        raise NoEventLog(f"{data_dir} is not a directory.")
    directory = event_log_of(data_dir)
    if not directory.is_dir():
        raise NoEventLog(f"{data_dir} holds no event log: there is no folder {directory}.")
    return directory


def holder_of(directory: Path) -> str | None:
    """Return who has the event log in ``directory``, or None when nobody is known to have it.

    It looks at the kernel's list of locks and takes none: a lock of our own, however short, could
    turn away a server that starts at that moment. Where there is no such list, nobody is known.
    """
    owner = directory / "owner"
    try:
        inode = f":{owner.stat().st_ino}"
        locks = _LOCKS.read_text(encoding="ascii")
        who = owner.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None
    for lock in locks.splitlines():
        fields = lock.split()
        if "FLOCK" in fields and "WRITE" in fields and any(it.endswith(inode) for it in fields):
            return who or "another process"
    return None
