"""A log that is shared: its frontier page, its writer lock, and an end that moves."""

from pathlib import Path

from surestock.journal.append import AppendConfig
from surestock.journal.frontier_page import FrontierPage
from surestock.journal.position import LogPosition
from surestock.journal.shared_append import SharedAppender
from tests.journal.logs import EMPTY, batch


class Shared:
    """The log in ``root``, which several appenders write in turns."""

    def __init__(self, root: Path, config: AppendConfig = AppendConfig()) -> None:  # noqa: B008
        self.directory, self.archive = root / "event-log", root / "archive"
        self.directory.mkdir()
        self.page = FrontierPage(self.directory)
        self._config = config
        self._first = self.appender()

    def appender(self) -> SharedAppender:
        """Return another one, as if of another process; it may not write yet."""
        made = SharedAppender(self.directory, EMPTY, self._config, sleep=lambda _s: None)
        made.page = self.page
        return made

    def told(self) -> LogPosition:
        """Return how far the log is durable."""
        return self.page.read() or LogPosition()

    def write(self, first: int, last: int) -> None:
        """Write records in a turn, each in a line of its own."""
        self._first.resume(self.told())
        for sequence in range(first, last + 1):
            self._first.append(batch(sequence))
        self._first.rest()

    def close(self) -> None:
        """Let go of the page and of the file."""
        self._first.close()
        self.page.close()
