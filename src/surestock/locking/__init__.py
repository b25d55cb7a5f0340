"""Who may decide about a key right now: between coroutines, and between processes."""

from surestock.locking.byte_locks import ByteLocks
from surestock.locking.lease import LeaseHeld, LeaseLost
from surestock.locking.leases import LeaseConfig, Leases
from surestock.locking.mutex import KeyedMutex
from surestock.locking.share import Grip

__all__ = ["ByteLocks", "Grip", "KeyedMutex", "LeaseConfig", "LeaseHeld", "LeaseLost", "Leases"]
