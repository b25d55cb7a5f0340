"""The log: JSON lines, built by structlog, rendered by orjson, written by a sink."""

import logging
from collections.abc import Callable
from typing import Any, TypeAlias

import orjson
import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

from surestock.kit.clock import Clock

Log: TypeAlias = FilteringBoundLogger
Levels = {"debug": 10, "info": 20, "warning": 30, "error": 40}
"""The names that LOG_LEVEL may have."""


class _ToSink:
    """The end of structlog's chain: a logger whose every level appends one line."""

    def __init__(self, append: Callable[[bytes], None]) -> None:
        self.debug = self.info = self.warning = self.error = self.critical = append


def make_log(append: Callable[[bytes], None], clock: Clock, level: str) -> Log:
    """Return a logger that renders each entry as one line of JSON and hands it to ``append``."""

    def stamp(_: WrappedLogger, method: str, entry: EventDict) -> EventDict:
        entry["ts"] = clock.now()
        entry["level"] = method
        return entry

    log: Log = structlog.wrap_logger(
        _ToSink(append),
        processors=[stamp, structlog.processors.format_exc_info, _render],
        wrapper_class=structlog.make_filtering_bound_logger(Levels[level]),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    return log.bind()


def _render(_: WrappedLogger, __: str, entry: EventDict) -> bytes:
    return orjson.dumps(entry, default=str, option=orjson.OPT_UTC_Z)


class ForwardingHandler(logging.Handler):
    """Brings what libraries log in the standard way into the same lines."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log ``record`` under its logger's name."""
        details: dict[str, Any] = {"logger": record.name}
        if record.exc_info:
            details["exc_info"] = record.exc_info
        self._log.log(min(record.levelno, logging.ERROR), record.getMessage(), **details)
