"""Leases between processes: one file a key, for a limited time."""

from surestock.locking.lease.errors import GuardBusy, LeaseHeld, LeaseLost
from surestock.locking.lease.files import FileLeases, Lease

__all__ = ["FileLeases", "GuardBusy", "Lease", "LeaseHeld", "LeaseLost"]
