"""The data directory without a server, for the command line: read it, audit it, import into it.

Beside the bootstrap, this is the one place that knows an engine: replaying a log is the engine's
own code, and an audit that replayed with other code would prove nothing about it. Nothing here
repairs or locks a log that it only reads.
"""

from surestock.runtime.offline.audit import Audit, audit, log_bytes
from surestock.runtime.offline.engine import OfflineEngine
from surestock.runtime.offline.place import NoEventLog, event_log_of, existing_event_log, holder_of
from surestock.runtime.offline.read import read_history, read_levels

__all__ = [
    "Audit",
    "NoEventLog",
    "OfflineEngine",
    "audit",
    "event_log_of",
    "existing_event_log",
    "holder_of",
    "log_bytes",
    "read_history",
    "read_levels",
]
