"""What the endpoints work with."""

from asyncio import Semaphore

from msgspec import Struct, field

from surestock.api.admission import Admission
from surestock.api.body_budget import BodyBudget
from surestock.api.central_places import CentralPlaces
from surestock.api.checkouts import Checkouts
from surestock.api.feed.feed import EventFeed
from surestock.api.keys import Keys
from surestock.api.mirrors import Mirrors
from surestock.api.open_streams import OpenStreams
from surestock.api.platform_places import PlatformPlaces
from surestock.cart.commands import DEFAULT_STORE_ID
from surestock.inventory.central import Central
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.ledger.port import Engine
from surestock.telemetry.exposition import Figures
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.request_line import RequestLine
from surestock.telemetry.spans import Spans

_BATCHES_AT_ONCE = 4


class Service(Struct, frozen=True):
    """The engine, what is derived from it, and the instruments around it.

    ``request_ids`` names requests that have no id.

    ``keys`` is None where nobody needs one, ``spans`` where nobody traces. ``central_places`` are
    for those who ask the worker, so that however many they are, changes go on; ``bodies`` is the
    memory that large bodies share. ``platform_places`` are for those who wait for the commerce
    platform.

    ``cart_store_id`` is where stocked products are taken from, if a cart does not say.

    ``lock_reject_status`` is the HTTP status of ``LockHeld``.

    ``mirrors`` are the platform's carts of ours, and ``checkouts`` makes orders of them.

    ``streams`` are batches without an end.

    ``batches`` is the bulkhead of batches. While one waits for the disk, the next ones are decided;
    more at once would not be faster, since what waits would push what works out of the caches, and
    single requests would wait for all of them.
    """

    engine: Engine
    central: Central
    feed: EventFeed
    metrics: Metrics
    exposition: Figures
    log: Log
    request_line: RequestLine
    clock: Clock
    request_ids: IdSource
    admission: Admission
    central_places: CentralPlaces
    platform_places: PlatformPlaces
    mirrors: Mirrors
    checkouts: Checkouts
    keys: Keys | None = None
    spans: Spans | None = None
    streams: OpenStreams = field(default_factory=OpenStreams)
    bodies: BodyBudget = field(default_factory=BodyBudget)
    cart_store_id: str = DEFAULT_STORE_ID
    lock_reject_status: int = 503
    batches: Semaphore = field(default_factory=lambda: Semaphore(_BATCHES_AT_ONCE))
