"""The upkeep of a log: index what was sealed, take snapshots, archive what they cover.

It runs beside the server, in a process of its own, and touches only what the server no longer
writes: sealed segments and what is derived from them. Each step leaves everything sound, so that it
may be killed at any instant and started again: ``work`` is the order of the steps, ``snapshotting``
and ``compaction`` are two of them, ``turn`` sees that one works at a time.
"""

from surestock.engine.log.upkeep.work import Done, UpkeepConfig, upkeep

__all__ = ["Done", "UpkeepConfig", "upkeep"]
