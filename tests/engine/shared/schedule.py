"""A schedule by a seed: clients, deaths, restarts, upkeep, sleepers, over members of one log."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from itertools import count as counting
from pathlib import Path
from random import Random
from typing import Any

from surestock.engine.log.turn import UpkeepRunning
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key, row_key
from surestock.inventory.commands import CountStock
from surestock.journal.errors import JournalDamaged
from surestock.journal.frontier_page import FrontierPage
from surestock.kit.clock import ManualClock
from surestock.kit.errors import Refusal, Unavailable
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope, Outcome
from tests.engine.shared.commands import any_command
from tests.engine.shared.house import (
    MENDING,
    STEPS,
    Death,
    Doom,
    Player,
    config_in,
    keep_up,
    leases_in,
    waits_at,
)
from tests.engine.shared.verdict import SKUS, Seen, Tally

_PATIENCE_S = 60.0


class Schedule:
    """What happens is drawn from ``seed``; in what order threads end is not."""

    def __init__(self, root: Path, seed: int, doom: Doom, members: int, steps: int) -> None:
        self._draw = Random(seed)
        self._doom = doom
        self._steps = steps
        self.config = config_in(root)
        self.clock = ManualClock()
        self._locks = root / "locks" if seed % 3 else None
        self._owners = counting()
        self.members = [self._member() for _ in range(members)]
        self.seen = Seen()
        self.tally = Tally()
        self._held: list[str] = []
        self._keyed: list[tuple[Command, IdempotencyKey]] = []
        self._numbers = 0
        self._at: defaultdict[Player, set[asyncio.Task[Any]]] = defaultdict(set)

    def _member(self) -> Player:
        if self._locks is None:
            return Player(self.config, self.clock)
        return Player(self.config, self.clock, leases_in(self._locks, self._owners, self.clock))

    async def run(self) -> None:
        """Play it to its end, when all members are awake and alive."""
        for member in self.members:
            await member.start()
        self._page = FrontierPage(self.config.directory)
        for sku in SKUS:
            await self._write(self.members[0], CountStock("s1", sku, 40), None)
        running: set[asyncio.Task[None]] = set()
        for _ in range(self._steps):
            running = {task for task in running if not task.done()}
            await self._replace_the_dead()
            if self._draw.random() < 0.12:
                await self._meddle()
            if len(running) < 12:
                task = asyncio.get_running_loop().create_task(self._anything())
                running.add(task)
            if running and self._draw.random() < 0.06:
                self._draw.choice(sorted(running, key=lambda it: it.get_name())).cancel()
                self.tally.cancelled += 1
            if self._draw.random() < 0.4:
                await asyncio.sleep(self._draw.choice((0, 0, 0.001, 0.004)))
        self._doom.disarm()
        for member in self.members:
            member.awake.set()
        if running:
            _, left = await asyncio.wait(running, timeout=_PATIENCE_S)
            assert not left, f"somebody waits for ever: {[waits_at(it) for it in left]}"
        await self._replace_the_dead()
        self.tally.commands = self._numbers

    async def end(self) -> None:
        """Close all members."""
        for member in self.members:
            await member.bury()
        self._page.close()

    async def _replace_the_dead(self) -> None:
        for place, member in enumerate(self.members):
            if member.is_dead:
                await self._replace(place)

    async def _replace(self, place: int) -> None:
        dead = self.members[place]
        if dead.is_dead:  # and so are its connections
            dead.check_death()
            for task in self._at[dead]:
                task.cancel()
        await dead.bury()
        self.tally.restarts += 1
        while True:
            member = self._member()
            try:
                await member.start()
            except Death:
                continue
            self.members[place] = member
            return

    async def _meddle(self) -> None:
        """Do what is no client's doing."""
        match self._draw.randrange(8):
            case 0 | 1:
                step = self._draw.choice((*STEPS, *STEPS, *MENDING))
                if not self._doom.is_armed:
                    self._doom.arm(step, self._draw.randrange(3))
            case 2:
                await self._replace(self._draw.randrange(len(self.members)))
            case 3:
                self.clock.advance(self._draw.choice((0.3, 1.0, 2.5)))
            case 4:
                # A torn segment may go while upkeep looks at it: its next pass works.
                with suppress(UpkeepRunning, Death, JournalDamaged):
                    await asyncio.to_thread(keep_up, self.config, self.clock)
                    self.tally.upkept += 1
                for member in self._awake():
                    with suppress(Unavailable, TimeoutError):  # it may die meanwhile
                        async with asyncio.timeout(0.5):
                            await member.refresh()
            case 5:
                if len(self._awake()) > 1:
                    self._draw.choice(self._awake()).awake.clear()
                    self.tally.asleep += 1
            case _:
                for member in self.members:
                    member.awake.set()

    def _awake(self) -> list[Player]:
        return [it for it in self.members if it.awake.is_set() and not it.is_ending]

    async def _anything(self) -> None:
        member = self._draw.choice(self._awake() or self.members)
        task = asyncio.current_task()
        assert task is not None
        self._at[member].add(task)
        try:
            await self._do(member)
        finally:
            self._at[member].discard(task)

    async def _do(self, member: Player) -> None:
        draw = self._draw.random()
        if draw < 0.3:
            await self._look(member)
        elif draw < 0.38 and self._keyed:
            await self._write(member, *self._draw.choice(self._keyed))
        elif draw < 0.46:
            await self._write_each(member)
        elif draw < 0.5:
            with suppress(Unavailable):
                await member.expire_due()
        else:
            command = any_command(self._draw, self._held)
            key = self._key(command) if self._draw.random() < 0.5 else None
            await self._write(member, command, key)

    def _key(self, command: Command) -> IdempotencyKey:
        self._numbers += 1
        key = make_key("c", "POST", "/", f"key-{self._numbers}", fingerprint_of(command))
        self._keyed.append((command, key))
        return key

    def _envelope(self, command: Command, key: IdempotencyKey | None) -> Envelope:
        self._numbers += 1
        actor = f"client-{self._numbers}"
        self.seen.submitted.add(actor)
        return Envelope(command, actor, "request", key)

    async def _write(self, member: Player, command: Command, key: IdempotencyKey | None) -> None:
        envelope = self._envelope(command, key)
        low = self._frontier()
        try:
            outcome = await member.transact(envelope)
        except Refusal as refusal:
            self.seen.refused(low, self._frontier(), refusal, is_new=key is None)
        except Unavailable:
            self.tally.unavailable += 1
        else:
            self._took(low, envelope, outcome)

    async def _write_each(self, member: Player) -> None:
        commands = [any_command(self._draw, self._held) for _ in range(self._draw.randint(2, 6))]
        keys: list[IdempotencyKey | None] = [None] * len(commands)
        if self._draw.random() < 0.5:
            batch = make_key("c", "POST", "/b", f"batch-{self._numbers}", fingerprint_of(commands))
            keys = [row_key(batch, row) for row in range(len(commands))]
        envelopes = [self._envelope(*it) for it in zip(commands, keys, strict=True)]
        low = self._frontier()
        answers = await member.transact_each(envelopes)
        for envelope, answer in zip(envelopes, answers, strict=True):
            if isinstance(answer, Outcome):
                self._took(low, envelope, answer)

    def _took(self, low: int, envelope: Envelope, outcome: Outcome) -> None:
        self.tally.accepted += 1
        if outcome.reply.reservation_id is not None:
            self._held.append(outcome.reply.reservation_id)
        self.seen.accepted(low, self._frontier(), envelope, outcome)

    async def _look(self, member: Player) -> None:
        low = self._frontier()
        self.tally.reads += 1
        with suppress(Unavailable):
            match self._draw.randrange(4):
                case 0 | 1:
                    level = await member.find_level(("s1", self._draw.choice(SKUS)))
                    if level is not None and not member.is_ending:
                        self.seen.level(low, self._frontier(), level)
                case 2:
                    held = self._held and await member.find_reservation(
                        self._draw.choice(self._held)
                    )
                    if held and not member.is_ending:
                        self.seen.reservation(low, self._frontier(), held)
                case _:
                    after = self._draw.randint(0, low)
                    records = await member.records(after, 50)
                    if not member.is_ending:
                        self.seen.page(low, self._frontier(), after, records)

    def _frontier(self) -> int:
        position = self._page.read()
        return 0 if position is None else position.sequence
