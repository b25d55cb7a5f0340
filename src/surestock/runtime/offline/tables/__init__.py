"""The tables of the PostgreSQL engine without a server, for the command line: read and audit them.

Everything is read in one snapshot of the database, so it may be done beside servers. Records are
folded by the domain's own code, as those of a log are; nothing here changes anything.
"""

from surestock.runtime.offline.tables.audit import TablesAudit, audit_tables
from surestock.runtime.offline.tables.base import Base, read_base
from surestock.runtime.offline.tables.errors import RecordsDamaged, TableFinding
from surestock.runtime.offline.tables.fold import Totals
from surestock.runtime.offline.tables.read import TablesReader
from surestock.runtime.offline.tables.session import count_records, one_snapshot, patient

__all__ = [
    "Base",
    "RecordsDamaged",
    "TableFinding",
    "TablesAudit",
    "TablesReader",
    "Totals",
    "audit_tables",
    "count_records",
    "one_snapshot",
    "patient",
    "read_base",
]
