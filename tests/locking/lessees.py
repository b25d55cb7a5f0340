"""Two owners of leases in one directory, whose clock stands still until a test moves it."""

from dataclasses import dataclass, field
from pathlib import Path

from surestock.kit.clock import ManualClock
from surestock.locking.lease import FileLeases

TTL_S = 2.0
BOOT = "28d2406d-03f4-4696-8fce-c7da65ceb74a"


@dataclass
class Lessees:
    """Makes owners; all live on one machine, whose boot is ``boot``."""

    directory: Path
    clock: ManualClock = field(default_factory=ManualClock)
    boot: str = BOOT
    pauses: list[float] = field(default_factory=list)
    """How long they waited for guards."""

    def owner(self, name: str) -> FileLeases:
        """Return the leases as seen by ``name``."""
        return FileLeases(self.directory, name, self.clock, self.boot, self.pauses.append)

    def reboot(self) -> None:
        """Start the machine anew: its monotonic clock starts at nothing."""
        self.clock = ManualClock()
        self.boot = f"after {self.boot}"

    def names(self, start: str = "") -> list[str]:
        """Return the names of the files whose names start with ``start``."""
        return sorted(each.name for each in self.directory.iterdir() if each.name.startswith(start))

    def lease_files(self) -> list[Path]:
        """Return the files of leases, and no guard or spare one."""
        return [each for each in self.directory.iterdir() if len(each.name) == 40]
