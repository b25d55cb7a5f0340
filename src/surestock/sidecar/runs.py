"""Look digests up in all runs of a directory, while another process writes and merges there."""

from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock

from surestock.sidecar.entry import Entry
from surestock.sidecar.errors import Damaged, RunDamaged, delete_damaged, unheard
from surestock.sidecar.filter import Probe, any_may_hold
from surestock.sidecar.listing import Listed, by_range, list_runs, outermost
from surestock.sidecar.run import Run


def _always(_run: Run) -> bool:
    return True


class Runs:
    """The runs in ``directory`` whose names end with ``suffix`` (``".keys"``).

    There are none until :meth:`refresh`. ``damaged`` is told of each run that had to be deleted.
    Threads may share it: a lookup goes on in the runs that it began with.
    """

    def __init__(self, directory: Path, suffix: str, damaged: Damaged = unheard) -> None:
        self._directory = directory
        self._suffix = suffix
        self._damaged = damaged
        self._refreshing = Lock()
        self._open: dict[Listed, Run] = {}
        self._on_disk: tuple[Run, ...] = ()
        # Each is replaced as a whole and never changed, so no reader needs a lock.
        self._runs: tuple[Run, ...] = ()
        self._probes: tuple[Probe, ...] = ()

    def refresh(self, needed: Callable[[Run], bool] = _always) -> None:
        """Open the runs that are new and let go of those that are gone. Blocks on the disk.

        A run whose range another one contains does not count. A damaged one is deleted and counts
        as missing: ask :meth:`covers`. An open run that is gone although it is ``needed``, and
        whose range no other run covers, is looked into further: what it holds is known nowhere else
        until it is made again. Raises ``OSError``; then the runs are as they were.
        """
        with self._refreshing:
            # A listing that others write into may miss both a merged run and what it was merged
            # from. The one after it would not, so two that agree are right.
            listed: list[Listed] | None = None
            opened: dict[Listed, Run] = {}
            while (now := list_runs(self._directory, self._suffix)) != listed:
                listed = now
                opened = self._opened(outermost(listed), {**self._open, **opened})
            self._open = self._with_survivors(opened, needed)
            # The runs first: who is told that a digest may be there must be able to find it.
            self._runs = tuple(self._open.values())
            self._probes = tuple(run.probe for run in self._runs)

    def may_hold(self, digest: bytes) -> bool:
        """Tell whether a run may hold ``digest`` (16 bytes). False is certain. Reads nothing."""
        return any_may_hold(self._probes, digest)

    def find(self, digest: bytes) -> list[Entry]:
        """Return the distinct entries of ``digest`` (16 bytes), the newest first.

        Blocks on the disk. Raises ``OSError``, and :class:`RunDamaged` when a page that may hold
        the digest is not sound: then nobody knows, and the run's file has to be made again.
        """
        found = {entry for run in self._runs if run.may_hold(digest) for entry in run.find(digest)}
        return sorted(found, key=lambda entry: entry.sequence, reverse=True)

    def covers(self, first: int, last: int) -> bool:
        """Tell whether the runs that are on disk cover all sequences from ``first`` to ``last``."""
        return _covered(self._on_disk, first, last)

    def _opened(self, listed: Iterable[Listed], known: dict[Listed, Run]) -> dict[Listed, Run]:
        opened = {}
        for place in listed:
            try:
                opened[place] = known.get(place) or Run.open(place.path)
            except FileNotFoundError:
                continue  # merged or dropped meanwhile: the next listing tells
            except RunDamaged as error:
                delete_damaged(error, self._damaged)
        return opened

    def _with_survivors(
        self, opened: dict[Listed, Run], needed: Callable[[Run], bool]
    ) -> dict[Listed, Run]:
        """Return ``opened``, and the open runs that are gone without others in their place."""
        self._on_disk = tuple(opened.values())
        survivors = {
            place: run
            for place, run in self._open.items()
            if place not in opened
            and needed(run)
            and not _covered(self._on_disk, place.first, place.last)
        }
        both = {**survivors, **opened}
        return {place: both[place] for place in sorted(both, key=by_range)}


def _covered(runs: Iterable[Run], first: int, last: int) -> bool:
    """Tell whether ``runs``, by range, cover all sequences from ``first`` to ``last``."""
    for run in runs:
        if run.first <= first <= run.last:
            first = run.last + 1
    return first > last
