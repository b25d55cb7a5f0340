"""Everything one run found, as it is written to JSON."""

import msgspec

from benchmarks.derived.figures import Derived
from benchmarks.machine import Machine
from benchmarks.memory import ReservationMemory
from benchmarks.rounds import Sample
from benchmarks.scale import Stocked
from benchmarks.start_up import Start


class Results(msgspec.Struct, kw_only=True):
    """The raw figures of one run; a part that was not asked for is empty or None."""

    plan: str
    rounds: int
    seconds: int
    connections: int
    machine: Machine
    titles: dict[str, str] = {}
    samples: list[Sample] = []
    stocked: list[Stocked] = []
    scale_samples: list[Sample] = []
    starts: list[Start] = []
    reservations: ReservationMemory | None = None
    derived: Derived = msgspec.field(default_factory=Derived)
    faults: list[str] = []
