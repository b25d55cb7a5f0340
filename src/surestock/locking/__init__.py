"""Who may decide about a key right now: between coroutines, and between processes."""

from surestock.locking.byte_locks import ByteLocks
from surestock.locking.mutex import KeyedMutex

__all__ = ["ByteLocks", "KeyedMutex"]
