"""Record counts in a data directory that no server uses."""

from collections.abc import Sequence

from surestock.cli.counting.errors import ImportStopped
from surestock.cli.counting.key import key_prefix, row_digest, row_key
from surestock.cli.counting.recorder import Numbered
from surestock.kit.errors import Unavailable
from surestock.ledger.port import Envelope, Outcome
from surestock.runtime.offline import OfflineEngine

_ACTOR = "import"


class LogRecorder:
    """Records the counts of the file with ``digest`` through ``engine``."""

    def __init__(self, engine: OfflineEngine, digest: str) -> None:
        self._engine = engine
        self._prefix = key_prefix(digest)

    def recorded_lines(self) -> set[int]:
        """Return the lines whose keys the log holds."""
        lines = set()
        for key, digest in self._engine.live_keys(self._prefix):
            line = key.removeprefix(self._prefix)
            if line.isdigit() and digest == row_digest(self._prefix, int(line)):
                lines.add(int(line))
        return lines

    def record(self, rows: Sequence[Numbered]) -> list[str | None]:
        """Record counts; see :class:`~surestock.cli.counting.recorder.Recorder`."""
        answers = self._engine.transact_each(
            [
                Envelope(count, _ACTOR, _ACTOR, row_key(self._prefix, line, count))
                for line, count in rows
            ]
        )
        for answer in answers:
            if isinstance(answer, Unavailable):
                raise ImportStopped(str(answer)) from answer
        return [None if isinstance(answer, Outcome) else str(answer) for answer in answers]
