"""The central view against the replay: folded by the worker's code, compared SKU by SKU.

Nothing of the view itself is on disk. What is, is checked: how far the worker says it came, and
what was decided about changes that it could not fold.
"""

from collections.abc import Mapping

from surestock.engine.log import LogConfig
from surestock.inventory.central import CentralStock, DeadLetter
from surestock.inventory.model import Level, StockKey
from surestock.journal.line import Commit
from surestock.journal.scan import LogStart
from surestock.kit.clock import Clock
from surestock.runtime.offline.audit.finding import Finding
from surestock.runtime.offline.central import all_stocks, new_view
from surestock.snapshot import Snapshot
from surestock.sync.checkpoint import NAME as CHECKPOINT
from surestock.sync.checkpoint import Checkpoint, read_checkpoint
from surestock.sync.decisions import NAME as DECISIONS
from surestock.sync.decisions import read_decisions
from surestock.sync.errors import CannotFold, CentralDamaged

_TOLD = 10


class CentralCheck:
    """Folds the log beside the replay.

    ``skus`` counts those that were found equal. Those in ``diverged`` are not compared: the view
    itself tells that it does not have them as the log has.
    """

    def __init__(self, config: LogConfig, clock: Clock) -> None:
        self._folder = config.central
        self.findings: list[Finding] = []
        self.skus = 0
        self.diverged: set[str] = set()
        self._checkpoint = self._read_checkpoint()
        self.noted = 0 if self._checkpoint is None else self._checkpoint.sequence
        self._view = new_view(config, clock, self._read_decisions())
        self._stopped = False

    def begin_at(self, beginning: LogStart, snapshot: Snapshot) -> None:
        """Begin with ``snapshot``, as the replay does, in a log that begins late."""
        self._view.seed(snapshot.sequence, snapshot.levels)
        if self.noted < beginning.sequence:
            self._checkpoint = None  # the line that it names was deleted
        self.chain(beginning.sequence, beginning.crc)

    def chain(self, sequence: int, crc: str) -> None:
        """Look at the checkpoint when the line that ends with its record comes by."""
        noted = self._checkpoint
        if noted is None or noted.sequence > sequence:
            return
        self._checkpoint = None
        if noted.sequence < sequence:
            self._found(CHECKPOINT, f"no line of the log ends with record {noted.sequence}")
        elif noted.crc != crc:
            why = f"record {sequence} ends a line with checksum {crc}, not {noted.crc}"
            self._found(CHECKPOINT, why)

    def line(self, commit: Commit) -> None:
        """Fold the records of a line that was replayed."""
        if not self._stopped:
            try:
                self._view.apply(commit.records)
            except CannotFold as error:
                self._stopped = True
                self.findings.append(Finding(self._folder, str(error).rstrip(".")))

    def compare(self, levels: Mapping[StockKey, Level]) -> None:
        """Compare every SKU that is not diverged with the levels of the replay."""
        if self._stopped:
            return
        wrong: list[str] = []
        compared = 0
        for stock in all_stocks(self._view):
            if stock.diverged:
                self.diverged.add(stock.sku)
                continue
            compared += len(stock.levels)
            told = _difference(stock, levels)
            if told is None:
                self.skus += 1
            else:
                wrong.append(told)
        expected = sum(sku not in self.diverged for _, sku in levels)
        if compared != expected:
            wrong.append(f"the fold holds {compared:,} levels, the log {expected:,}")
        if len(wrong) > _TOLD:
            wrong[_TOLD:] = [f"{len(wrong) - _TOLD:,} more SKUs are wrong"]
        self.findings += [Finding(self._folder, told) for told in wrong]

    def open_letters(self) -> list[DeadLetter]:
        """Return the dead letters that stop a SKU."""
        return [it for it in self._view.letters() if it.status in {"retrying", "dead"}]

    def _read_checkpoint(self) -> Checkpoint | None:
        try:
            return read_checkpoint(self._folder)
        except CentralDamaged as error:
            self._found(CHECKPOINT, error.what)
            return None

    def _read_decisions(self) -> list[DeadLetter]:
        try:
            return read_decisions(self._folder)
        except CentralDamaged as error:
            self._found(DECISIONS, error.what)
            return []

    def _found(self, name: str, why: str) -> None:
        self.findings.append(Finding(self._folder / name, why))


def _difference(stock: CentralStock, levels: Mapping[StockKey, Level]) -> str | None:
    for level in stock.levels:
        replayed = levels.get(level.key)
        if level != replayed:
            return f"SKU {stock.sku} is folded to {level}, replayed to {replayed}"
    return None
