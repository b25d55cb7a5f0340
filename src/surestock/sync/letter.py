"""One dead letter that stops its SKU, and what is known of a SKU that has such a one."""

from msgspec import Struct
from msgspec.structs import replace

from surestock.inventory.central import DeadLetter
from surestock.sync.changes import Position
from surestock.sync.parking import Parked

OPEN = ("retrying", "dead")
"""What a letter is until somebody, or a try, puts an end to it."""


class OpenLetter(Struct):
    """A letter that stops its SKU, and the later changes that wait behind it."""

    letter: DeadLetter
    position: Position
    parked: Parked

    def shown(self) -> DeadLetter:
        """Return the letter as it is told to people."""
        return replace(self.letter, parked=len(self.parked))


class Doubt(Struct, frozen=True):
    """Why a SKU cannot be trusted: the letter that stops it, if one does, and its stale stores."""

    sku: str
    stale: frozenset[str]
    stop: OpenLetter | None


def letter_id(position: Position) -> str:
    """Return the id of the letter for the change at ``position``."""
    return f"{position[0]}.{position[1]}"


def position_of(wanted: str) -> Position:
    """Return where the change of the letter with id ``wanted`` stands."""
    sequence, _, index = wanted.partition(".")
    return int(sequence), int(index)
