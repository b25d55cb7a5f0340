"""The data directory without a server, for the command line: read it, audit it, import into it.

Beside the bootstrap, this is the one place that knows an engine: replaying a log is the engine's
own code, folding one is the worker's, and an audit that used other code would prove nothing about
either. Nothing here repairs or locks what it only reads.
"""

from surestock.runtime.offline.audit import Audit, Finding, audit, audited_bytes
from surestock.runtime.offline.central import read_central
from surestock.runtime.offline.engine import OfflineEngine
from surestock.runtime.offline.place import NoEventLog, event_log_of, existing_event_log, holder_of
from surestock.runtime.offline.read import (
    deleted_through,
    read_base_level,
    read_history,
    read_levels,
)

__all__ = [
    "Audit",
    "Finding",
    "NoEventLog",
    "OfflineEngine",
    "audit",
    "audited_bytes",
    "deleted_through",
    "event_log_of",
    "existing_event_log",
    "holder_of",
    "read_base_level",
    "read_central",
    "read_history",
    "read_levels",
]
