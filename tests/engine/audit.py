"""An audit of what an engine recorded: the records alone must explain everything it answers."""

from itertools import pairwise

from surestock.engine.state import State
from surestock.inventory.due import as_of
from surestock.inventory.model import Level
from surestock.inventory.view import Changes
from surestock.kit.clock import ManualClock
from surestock.ledger.evolve import evolve
from surestock.ledger.history import explain
from surestock.ledger.port import Engine
from surestock.ledger.record import Record

PAGE = 500


async def all_records(engine: Engine) -> list[Record]:
    """Read the feed page by page."""
    records: list[Record] = []
    while page := await engine.records(len(records), PAGE):
        records += page
    return records


def replayed(records: list[Record]) -> State:
    """Evolve an empty state by the events of each record; each must leave the levels it tells."""
    state = State()
    for record in records:
        changes = Changes(state, record.ts)
        for event in record.events:
            evolve(changes, event)
        assert tuple(changes.levels.values()) == record.levels
        state.apply(changes.levels.values(), changes.reservations.values())
    return state


def check_order(records: list[Record]) -> None:
    """Sequences have no gap, ids no double; each level's version starts at 1 and goes up by 1."""
    assert [record.sequence for record in records] == list(range(1, len(records) + 1))
    assert len({record.id for record in records}) == len(records)
    levels: dict[tuple[str, str], list[Level]] = {}
    for record in records:
        assert record.events, "a record of nothing"
        for level in record.levels:
            levels.setdefault(level.key, []).append(level)
    for states in levels.values():
        assert states[0].version == 1
        assert all(after.version == before.version + 1 for before, after in pairwise(states))
        assert all(0 <= level.reserved <= level.on_hand for level in states)


async def audit(engine: Engine, clock: ManualClock) -> int:
    """Check records, histories, levels and reservations against each other; count the records."""
    records = await all_records(engine)
    check_order(records)
    state = replayed(records)
    for key, level in state.levels.items():
        seen = await engine.find_level(key)
        assert seen is not None
        assert (seen.on_hand, seen.version) == (level.on_hand, level.version)
        due = sum(
            line.qty
            for held in state.reservations.values()
            if held.is_due(clock.now())
            for line in held.lines
            if line.key == key
        )
        assert seen.reserved == level.reserved - due
        history = await engine.history(key, 0, len(records))
        assert history == [entry for record in records for entry in explain(record, key)]
        assert sum(entry.on_hand_delta for entry in history) == level.on_hand
        assert sum(entry.reserved_delta for entry in history) == level.reserved
    for name, held in state.reservations.items():
        assert await engine.find_reservation(name) == as_of(held, clock.now())
    return len(records)
