"""The central view's table against the fold, as that stood at the record the view has come to."""

import asyncpg

from surestock.database import named_statements
from surestock.inventory.model import Level
from surestock.runtime.offline.tables.errors import TableFinding
from surestock.runtime.offline.tables.fold import TableReplay
from surestock.runtime.offline.tables.session import pages

_SQL = named_statements("surestock.runtime.offline.tables", "read.sql")
_TOLD = 10


class CentralTable:
    """Compares it once, when the fold is as far as the view. ``sequence`` says how far that is.

    ``skus`` counts those that were compared; ``doubted`` could not be.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self.sequence = 0
        self.skus = 0
        self.doubted: set[str] = set()
        self.findings: list[TableFinding] = []

    async def begin(self, fold: TableReplay, head: int) -> None:
        """Find out how far the view is; compare it now, when it is where the fold begins."""
        self.sequence = await self._connection.fetchval(_SQL["central_head"])
        if self.sequence > head:
            self._found(f"it says to be at record {self.sequence}, and the last one is {head}")
        elif self.sequence == fold.sequence:
            await self.compare(fold)
        elif self.sequence < fold.sequence:
            self._found(
                f"it is at record {self.sequence}, and the records up to {fold.sequence} are gone"
            )

    async def compare(self, fold: TableReplay) -> None:
        """Compare every row with the levels of the fold, but those of SKUs that are in doubt.

        Of these the view itself tells that it does not have them as the records have.
        """
        self.doubted = {row["sku"] for row in await self._connection.fetch(_SQL["doubted"])}
        expected = fold.books.levels
        count = sum(sku not in self.doubted for _, sku in expected)
        rows = 0
        skus = set()
        async for page in pages(self._connection, _SQL["central"]):
            for row in page:
                level = Level(*row)
                if level.sku in self.doubted:
                    continue
                rows += 1
                skus.add(level.sku)
                if expected.get(level.key) != level:
                    self._found(
                        f"it holds {level}, the records amount to {expected.get(level.key)}"
                    )
        if rows != count:
            self._found(f"it holds {rows:,} levels, the records {count:,}")
        self.skus = len(skus)

    def _found(self, why: str) -> None:
        if len(self.findings) < _TOLD:
            self.findings.append(TableFinding("central", why))
