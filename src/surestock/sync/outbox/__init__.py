"""The central view kept in PostgreSQL, for any number of workers and API processes on any machines.

The records of the engine are the outbox: gapless, and in the order of their commits. Whoever folds
has the lock of the view's head, and writes what was folded and how far it is in one transaction. So
each change counts exactly once per SKU, in the order of its versions, whatever dies in between. The
rules are those of the log's own worker (:mod:`surestock.sync.view`).
"""

from surestock.sync.outbox.central import Patience, PostgresCentral
from surestock.sync.outbox.reading import oldest_needed
from surestock.sync.outbox.worker import OutboxWorker

__all__ = ["OutboxWorker", "Patience", "PostgresCentral", "oldest_needed"]
