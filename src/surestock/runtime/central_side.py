"""What runs beside the engine for the central view: the link to the worker, and the worker."""

from collections.abc import Callable
from typing import Protocol

from anyio import CancelScope, create_task_group

from surestock.inventory.central import SyncStatus
from surestock.runtime.worker_child import WorkerChild
from surestock.telemetry.log import Log

_LAST_SYNC_S = 10.0
_LAST_WORD_S = 1.0
_END_S = 5.0


class Link(Protocol):
    """How this process knows of the view: through the worker's socket, or through a database."""

    async def run(self) -> None:
        """Keep up with the view, until cancelled. The engine must have started."""
        ...

    async def caught_up(self, within_s: float) -> bool:
        """Wait until all that is durable is folded, also once the engine has closed.

        Tell whether it is.
        """
        ...

    def status(self) -> SyncStatus:
        """Return how the view is, as far as is known now."""
        ...


class CentralSide:
    """Owns both. ``link`` is None when the engine keeps the view itself.

    ``child`` is None when somebody else runs the worker, or nobody.
    """

    def __init__(self, log: Log, link: Link | None, child: WorkerChild | None) -> None:
        self._log = log
        self._link = link
        self._child = child
        self._linked: CancelScope | None = None

    async def run(self) -> None:
        """Run until cancelled, or ended."""
        async with create_task_group() as tasks:
            if self._link is not None:
                tasks.start_soon(self._run_link, self._link)
            if self._child is not None:
                tasks.start_soon(self._child.run)

    async def _run_link(self, link: Link) -> None:
        with CancelScope() as self._linked:
            await link.run()

    async def end(self, sync_left_s: Callable[[], float], end_left_s: Callable[[], float]) -> None:
        """Sync once more, now that the engine is closed, and let the child end.

        A worker of somebody else's is told, and hardly waited for. The arguments return how many
        seconds are left for the sync, and for the end of the child.
        """
        link, child = self._link, self._child
        if link is None:
            return
        within_s = _LAST_WORD_S if child is None else _LAST_SYNC_S
        if not await link.caught_up(min(within_s, sync_left_s())):
            self._log.info("the central view ends behind the log; the next worker makes up for it")
        has_worker = link.status().alive
        if self._linked is not None:
            self._linked.cancel()
        if child is not None:
            await child.end(min(_END_S, end_left_s()) if has_worker else 0.0)
