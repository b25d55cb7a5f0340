"""``/metrics`` of several processes on one port: whoever is scraped answers for all of them.

Nobody can tell which process will answer, and counters that jump from one process's to another's
are of no use. So each has a *slot*, a file of its own in one folder, and writes its numbers there:
once a second, and before it answers. The answer is what all the files say together.

A process that starts goes on from what its slot says, so that no sum goes down when one dies. What
a process had been scraped for is always written before; a death by force takes at most the last
second along. The files are not synced: they end with the service, or with the machine.
"""

from pathlib import Path

import anyio
import anyio.to_thread
from msgspec import DecodeError, structs
from prometheus_client.exposition import generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from surestock.kit.boot import boot_id
from surestock.kit.clock import Clock
from surestock.kit.files import make_directory
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.family.json_counters import counters_of
from surestock.telemetry.join import is_level, joined
from surestock.telemetry.log import Log
from surestock.telemetry.share import Family, Share, decode, encode, families_of, metrics_of

EVERY_S = 1.0
ALIVE_FOR_S = 5.0
"""How old the levels of a process may be, until they count for nothing."""


class SharedMetrics:
    """Implements ``exposition.Figures`` for the processes that write to ``folder``.

    ``slot`` is this one's, from 0 on; no two that run may have the same one. ``folder`` belongs to
    one run of the service: see :func:`clear_slots`.
    """

    def __init__(
        self, folder: Path, slot: int, exposition: Exposition, clock: Clock, log: Log
    ) -> None:
        self._folder = folder
        self._slot = slot
        self._exposition = exposition
        self._clock = clock
        self._log = log
        self._boot = boot_id()
        self._turn = anyio.Lock()
        self._before: list[Family] | None = None
        """What was counted in this slot before; None until it was read."""
        self._known: dict[int, Share] = {}
        """The last good share of each other slot: so that a damaged one takes nothing away."""
        self._unreadable: set[int] = set()
        self._is_written = True

    async def run(self) -> None:
        """Tell the others each second, until cancelled; then a last time, as one who ended."""
        try:
            while True:
                async with self._turn:
                    await self._tell(self._clock.monotonic())
                await anyio.sleep(EVERY_S)
        finally:
            with anyio.CancelScope(shield=True):
                async with self._turn:
                    await self._tell(None)

    async def text(self) -> bytes:
        """Return everything in Prometheus's text form, for all processes."""
        return await anyio.to_thread.run_sync(_text, await self._all())

    async def counters(self) -> dict[str, int]:
        """Return the contract's JSON counters, for all processes."""
        return counters_of(await self._all())

    async def _all(self) -> list[Metric]:
        async with self._turn:
            now = self._clock.monotonic()
            own = await self._tell(now)
            return await anyio.to_thread.run_sync(self._join, own, now)

    async def _tell(self, now: float | None) -> Share:
        """Write this process's numbers down, and return them; ``now`` is None at its end.

        The event loop looks at the numbers, for it counts them; a thread writes.
        """
        families = families_of(await self._exposition.families())
        return await anyio.to_thread.run_sync(self._write, Share(self._boot, now, families))

    def _write(self, own: Share) -> Share:
        try:
            if self._before is None:
                self._before = self._begin()
            own = structs.replace(own, families=joined((own.families, self._before)))
            place = self._place(self._slot)
            temporary = place.with_name(f"{place.name}.tmp")
            temporary.write_bytes(encode(own))
            temporary.replace(place)
            self._is_written = True
        except OSError as error:
            if self._is_written:
                self._log.warning("metrics cannot be told to other processes", why=str(error))
            self._is_written = False
        return own

    def _begin(self) -> list[Family]:
        """Return what was counted in this slot before. Raises ``OSError``."""
        make_directory(self._folder)
        try:
            return _counted(decode(self._place(self._slot).read_bytes()))
        except FileNotFoundError:
            return []
        except DecodeError as error:
            self._say_damaged(self._slot, error)
            return []

    def _join(self, own: Share, now: float) -> list[Metric]:
        shares = {self._slot: own}
        for slot in (self._known.keys() | self._slots()) - {self._slot}:
            share = self._read(slot)
            if share is not None:
                shares[slot] = share
        return metrics_of(
            joined(
                share.families if self._is_alive(share, now) else _counted(share)
                for _, share in sorted(shares.items())
            )
        )

    def _slots(self) -> set[int]:
        try:
            return {int(it.name) for it in self._folder.iterdir() if it.name.isdecimal()}
        except OSError:
            # It was told when this process could not write there. What is known is still added up.
            return set()

    def _read(self, slot: int) -> Share | None:
        """Return what a slot's file says, or said when it could last be read."""
        try:
            share = decode(self._place(slot).read_bytes())
        except (OSError, DecodeError) as error:
            if slot not in self._unreadable:
                self._say_damaged(slot, error)
            self._unreadable.add(slot)
            return self._known.get(slot)
        self._unreadable.discard(slot)
        self._known[slot] = share
        return share

    def _say_damaged(self, slot: int, error: Exception) -> None:
        self._log.warning("metrics of a process cannot be read", slot=slot, why=str(error))

    def _is_alive(self, share: Share, now: float) -> bool:
        written_at = share.written_at_s
        return (
            share.boot == self._boot and written_at is not None and now - written_at <= ALIVE_FOR_S
        )

    def _place(self, slot: int) -> Path:
        return self._folder / str(slot)


def clear_slots(folder: Path) -> None:
    """Forget what an earlier run of the service counted, before its first process starts.

    Raises ``OSError``.
    """
    make_directory(folder)
    for entry in folder.iterdir():
        if entry.name.removesuffix(".tmp").isdecimal():
            entry.unlink()


def _counted(share: Share) -> list[Family]:
    return [family for family in share.families if not is_level(family)]


def _text(metrics: list[Metric]) -> bytes:
    return generate_latest(_Shown(metrics))


class _Shown(Collector):
    """Families that are there already."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics
