"""Move everything from a log into PostgreSQL, or back, without a server.

Records go over as they are, byte by byte, in chunks; what was moved stays moved, so a move that was
interrupted goes on where it was. It ends with a proof: both sides are folded by the domain's own
code, each from its own records, and must amount to the same. Until then nobody can serve from the
new place. The old one is not changed.
"""

from surestock.runtime.moving.errors import MoveRefused, MoveUnproved
from surestock.runtime.moving.migration import migrate_database, moving_config
from surestock.runtime.moving.proof import Proof
from surestock.runtime.moving.to_database import move_to_database
from surestock.runtime.moving.to_log import move_to_log

__all__ = [
    "MoveRefused",
    "MoveUnproved",
    "Proof",
    "migrate_database",
    "move_to_database",
    "move_to_log",
    "moving_config",
]
