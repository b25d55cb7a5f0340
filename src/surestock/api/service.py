"""What the endpoints work with."""

from msgspec import Struct

from surestock.inventory.port import Engine
from surestock.kit.clock import Clock
from surestock.kit.ids import IdSource
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.log import Log
from surestock.telemetry.metrics import Metrics
from surestock.telemetry.request_line import RequestLine


class Service(Struct, frozen=True):
    """The engine and the instruments around it. ``request_ids`` names requests that have no id."""

    engine: Engine
    metrics: Metrics
    exposition: Exposition
    log: Log
    request_line: RequestLine
    clock: Clock
    request_ids: IdSource
