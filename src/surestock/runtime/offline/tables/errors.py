"""What an audit of the tables finds."""

from msgspec import Struct

from surestock.kit.errors import SurestockError


class RecordsDamaged(SurestockError):
    """Record ``sequence`` is missing or altered, so nothing after it can be believed."""

    def __init__(self, sequence: int, why: str) -> None:
        super().__init__(
            f"record {sequence}: {why}. Restore the database from a backup; nothing that follows "
            "from its records can be believed."
        )
        self.sequence = sequence
        self.why = why


class TableFinding(Struct, frozen=True):
    """A table that is not what the records amount to, and why; ``why`` ends without a stop."""

    table: str
    why: str
