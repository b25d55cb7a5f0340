"""Who may decide about a key right now: the mutex between the coroutines of one process."""

from surestock.locking.mutex import KeyedMutex

__all__ = ["KeyedMutex"]
