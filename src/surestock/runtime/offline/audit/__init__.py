"""The audit of a data directory: the log is replayed, and all that is derived held against it.

``log`` drives it: one pass over archive and event log, from the first record to the last. Beside
the strict replay (``replay``, ``ends``, ``repeats``) run the worker's fold (``central``) and the
sums of what the indexes must hold (``indexes``); ``snapshots`` are compared when the replay comes
to their record.

Damage of the log ends the audit, with the place. What is derived from a sound log can be made
again, so all that is wrong with it is gathered, as a ``Finding`` each.
"""

from surestock.runtime.offline.audit.finding import Finding
from surestock.runtime.offline.audit.log import Audit, audit, audited_bytes

__all__ = ["Audit", "Finding", "audit", "audited_bytes"]
