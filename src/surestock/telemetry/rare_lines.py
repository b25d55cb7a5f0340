"""Log lines of a library that repeats itself: one a minute is let through."""

import logging
from collections.abc import Callable

from surestock.telemetry.log import Log

EVERY_S = 60.0


class RareLines(logging.Handler):
    """Logs the first line and then one a minute, with the number of those that were left out."""

    def __init__(self, log: Log, monotonic: Callable[[], float]) -> None:
        super().__init__(logging.WARNING)
        self._log = log
        self._monotonic = monotonic
        self._not_before = float("-inf")
        self._left_out = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Log ``record`` as a warning under its logger's name, if its time has come."""
        now = self._monotonic()
        if now < self._not_before:
            self._left_out += 1
            return
        self._not_before = now + EVERY_S
        left_out, self._left_out = self._left_out, 0
        self._log.warning(record.getMessage(), logger=record.name, leftOut=left_out)
