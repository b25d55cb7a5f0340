"""The log engine for several processes on one data directory: turns at the log, and leases.

Only whoever has the writer lock decides and appends, on the newest state: it is the ordinary
engine then. ``log`` opens a log that is shared, ``following`` takes over what others committed,
``turns`` passes the writer lock around, ``gate`` is where commands wait for that, ``leasing``
refuses what another process is changing, ``member`` and ``engine`` tie them together.
"""

from surestock.engine.log.shared.engine import SharedLogEngine

__all__ = ["SharedLogEngine"]
