"""PostgreSQL: connections that never hang, named statements, and the schema with its migrations.

It knows nothing of stock. Who keeps something in the database brings statements of his own, in
``.sql`` files beside his code.
"""

from surestock.database.chores import Chores
from surestock.database.config import DatabaseConfig
from surestock.database.errors import (
    DatabaseDown,
    DatabaseError,
    DatabaseUnfit,
    SchemaBehind,
    TryAgain,
)
from surestock.database.faults import named_fault
from surestock.database.hosts import open_connection
from surestock.database.lane import Lane
from surestock.database.moving import (
    Moved,
    UnfinishedMove,
    check_moved,
    find_unfinished_move,
)
from surestock.database.named import named_statements
from surestock.database.ready import ready_database
from surestock.database.schema import (
    Migration,
    applied_migrations,
    check_schema,
    known_migrations,
    migrate,
)

__all__ = [
    "Chores",
    "DatabaseConfig",
    "DatabaseDown",
    "DatabaseError",
    "DatabaseUnfit",
    "Lane",
    "Migration",
    "Moved",
    "SchemaBehind",
    "TryAgain",
    "UnfinishedMove",
    "applied_migrations",
    "check_moved",
    "check_schema",
    "find_unfinished_move",
    "known_migrations",
    "migrate",
    "named_fault",
    "named_statements",
    "open_connection",
    "ready_database",
]
