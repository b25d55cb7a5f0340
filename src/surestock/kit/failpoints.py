"""Named places where a test can make the disk fail.

A failpoint stands at each step whose failure or interruption matters (every write, fsync and
rename). The product calls :func:`hit` and :func:`cut` and nothing else of this: only code that runs
in the process, as a test does, can arm one.
"""

from collections.abc import Callable

Action = Callable[[], None]
"""Runs in place of nothing: it may wait, or raise instead of the step that follows."""

Cut = Callable[[bytes], bytes]
"""Returns as much of what is to be written as the disk takes."""

NAMES = frozenset(
    {
        "archive.fsync",
        "archive.rename",
        "archive.write",
        "central.apply",
        "compact.unlink",
        "decisions.fsync",
        "decisions.open",
        "decisions.truncate",
        "directory.fsync",
        "file.fsync",
        "file.rename",
        "file.write",
        "journal.fdatasync",
        "journal.probe.create",
        "journal.probe.fdatasync",
        "journal.probe.unlink",
        "journal.probe.write",
        "journal.segment.create",
        "journal.segment.fdatasync",
        "journal.segment.write",
        "journal.truncate",
        "journal.write",
        "move.commit",
        "move.committed",
        "move.end",
        "move.state",
        "repair.copy.fsync",
        "repair.truncate.fsync",
        "repair.unlink",
        "run.fsync",
        "run.rename",
        "run.unlink",
        "run.write",
        "settle.fsync",
        "snapshot.fdatasync",
        "snapshot.fsync",
        "snapshot.rename",
        "snapshot.unlink",
        "snapshot.write",
    }
)
"""Every failpoint there is. A test proves that the product has these and no others."""

_armed: dict[str, Action] = {}
_cuts: dict[str, Cut] = {}


def hit(name: str) -> None:
    """Run the action armed at ``name``, if any; it may raise in place of the step that follows."""
    if _armed:
        action = _armed.get(name)
        if action is not None:
            action()


def cut(name: str, data: bytes) -> bytes:
    """Return ``data``, or as much of it as is armed to be written at ``name``."""
    if _cuts:
        armed = _cuts.get(name)
        if armed is not None:
            return armed(data)
    return data


def arm(name: str, action: Action) -> None:
    """Let ``action`` run at each later :func:`hit` of ``name``. Raises for a name that is none."""
    _armed[_known(name)] = action


def arm_cut(name: str, armed: Cut) -> None:
    """Let ``armed`` shorten what each later :func:`cut` of ``name`` is asked about."""
    _cuts[_known(name)] = armed


def disarm_all() -> None:
    """Forget everything that is armed."""
    _armed.clear()
    _cuts.clear()


def _known(name: str) -> str:
    if name not in NAMES:
        msg = f"there is no failpoint {name!r}"
        raise ValueError(msg)
    return name
