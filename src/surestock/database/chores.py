"""What one process at a time had better do, so that not each of them looks at all there is.

A chore passes on by time, measured by the database's clock. So two may be at it for a moment, after
one of them stood still: it has to be work that may be done twice.
"""

from surestock.database.lane import Lane
from surestock.database.named import named_statements

_SQL = named_statements("surestock.database", "chores.sql")


class Chores:
    """The chores as one process sees them; ``holder`` tells it apart from all others."""

    def __init__(self, lane: Lane, holder: str) -> None:
        self._lane = lane
        self._holder = holder

    async def try_hold(self, name: str, for_s: float) -> bool:
        """Have the chore for ``for_s`` seconds from now, and return True unless another has it.

        Who has it holds it on by asking again. Raises as :meth:`Lane.use` does; a ``TryAgain``
        means that somebody else was just taking it.
        """
        async with self._lane.use() as connection:
            held = await connection.fetchval(_SQL["hold"], name, self._holder, for_s)
        return held is not None
