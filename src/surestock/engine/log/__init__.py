"""The embedded engine: state in memory, truth in the event log, one group commit for all waiters.

The way of a write, by file: ``engine`` (idempotency, mutex, decide), ``overlay`` (what is decided
and not yet durable), ``group_commit`` (one batch at a time to the journal's writer thread),
``ticket`` (what a waiter waits for), ``repeats`` (the first answer, again).
``recovery`` replays the log, ``archive`` reads it back.
"""

from surestock.engine.log.config import LogConfig, LogObserver
from surestock.engine.log.engine import LogEngine

__all__ = ["LogConfig", "LogEngine", "LogObserver"]
