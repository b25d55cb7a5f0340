"""A shared log that was written by one process alone, and the processes that open it."""

from pathlib import Path

from surestock.engine.log import LogConfig, LogObserver
from surestock.engine.log.log_file import OpenLog
from surestock.engine.log.memory import Memory
from surestock.engine.log.shared.log import SharedLog
from surestock.journal.append import LogEnd
from surestock.journal.position import LogPosition
from surestock.journal.segment import segment_path
from surestock.journal.shared_append import position_of
from surestock.kit.clock import SystemClock
from tests.engine.log.bench import adjust, count, engine_on, sent

TORN = b'{"crc":"torn'


class House:
    """A log of three records, and the processes that open it."""

    def __init__(self, root: Path) -> None:
        self.config = LogConfig(root / "event-log")
        self.directory = self.config.directory
        self.segment = segment_path(self.directory, 1)
        self.torn: list[str] = []
        self._open: list[OpenLog] = []

    async def fill(self) -> None:
        async with engine_on(self.directory) as engine:
            for command in (count(5), adjust(1), adjust(2)):
                await engine.transact(sent(command))

    def comes(self) -> SharedLog:
        """Let another process come; it has not recovered anything yet."""
        outer = self

        class Watching(LogObserver):
            def torn(self, aside: Path, why: str) -> None:
                outer.torn.append(f"{aside.name}: {why}")

        log = SharedLog(self.config, SystemClock(), Watching())
        self._open.append(log)
        return log

    def start(self, log: SharedLog | None = None) -> tuple[SharedLog, int, LogPosition]:
        """Let a process recover the log; return how far it came, and where that is."""
        log = log or self.comes()
        recovered = log.replay(Memory(self.config, LogObserver()))
        return log, recovered.sequence, position_of(recovered.sequence, recovered.end)

    def leave(self, content: bytes) -> None:
        """Append bytes as a dying writer does."""
        self.segment.write_bytes(self.segment.read_bytes() + content)

    def close(self) -> None:
        """Let every process end."""
        while self._open:
            self._open.pop().close()

    def appends(self, log: SharedLog, at: LogPosition) -> None:
        """Give a process an end to write on from, without a thread that writes."""
        end = LogEnd(at.path(self.directory), at.end, at.prev, at.lines)
        log.writer(end, lambda _batch, _result, _synced_s: None).close()
