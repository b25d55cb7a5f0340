"""Who follows the events, and how many may."""

from msgspec import Struct

from surestock.api.feed.pages import GATHER_S, Pages
from surestock.api.feed.stream import EventStream
from surestock.inventory.unavailable import Overloaded, ShuttingDown
from surestock.kit.clock import Clock
from surestock.ledger.port import Engine
from surestock.telemetry.metrics import Metrics

MOST_READERS = 256
HEARTBEAT_S = 15
PATIENCE_S = 10


class FeedLimits(Struct, frozen=True):
    """Bounds of the feed. ``patience_s`` is how long a reader may take to take one page."""

    readers: int = MOST_READERS
    heartbeat_s: float = HEARTBEAT_S
    patience_s: float = PATIENCE_S
    gather_s: float = GATHER_S


class EventFeed:
    """The streams of an engine's records."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        metrics: Metrics,
        limits: FeedLimits | None = None,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self.limits = limits or FeedLimits()
        gather_s = self.limits.gather_s
        self._pages = Pages(engine, clock, gather_s)
        self._stock_pages = Pages(engine, clock, gather_s, with_carts=False)
        self._streams: set[EventStream] = set()
        self._closed = False

    @property
    def closed(self) -> bool:
        """Whether the process is about to end."""
        return self._closed

    def follow(self, after: int, *, with_carts: bool = True) -> EventStream:
        """Return the events above ``after``, as they come; its ``aclose`` makes place for another.

        Without ``with_carts``, records are shown without what they did to carts.

        Raises :class:`Overloaded` when too many read, :class:`ShuttingDown` after :meth:`close`.
        """
        if self._closed:
            raise ShuttingDown
        if len(self._streams) >= self.limits.readers:
            raise Overloaded("Too many clients follow the events. Try again later.")
        pages = self._pages if with_carts else self._stock_pages
        stream = EventStream(after, self._engine, pages, self.limits.heartbeat_s, self._leave)
        self._streams.add(stream)
        self._metrics.event_readers = len(self._streams)
        return stream

    def _leave(self, stream: EventStream) -> None:
        self._streams.discard(stream)
        self._metrics.event_readers = len(self._streams)

    def close(self) -> None:
        """End every stream where it stands, and begin no other."""
        self._closed = True
        for stream in self._streams:
            stream.end()
