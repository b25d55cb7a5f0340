"""A storm by a seed: clients of several machines, and blows at what lies between them."""

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from random import Random
from typing import TypeVar

import asyncpg

from surestock.cart.model import Cart, Checkout
from surestock.idempotency import (
    IdempotencyConflict,
    IdempotencyKey,
    fingerprint_of,
    make_key,
    row_key,
)
from surestock.kit.errors import Refusal, Unavailable
from surestock.ledger.command import Command
from surestock.ledger.port import Outcome
from surestock.ledger.record import Record
from tests.engine.postgres.arena import Machine, SkewedClock, sent, short_config
from tests.engine.postgres.blows import Blows
from tests.engine.postgres.orders import SKUS, STORE, USERS, World, any_command
from tests.engine.postgres.verdict import Seen, Told
from tests.real.postgres import Cluster
from tests.real.proxy import Proxy
from tests.real.steady import steady_time

T = TypeVar("T")

MOST_S = 9.0
"""No answer takes longer, with the short deadlines below, by the clock of ``steady_time``."""
_AT_ONCE = 40
_ENDED = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_HEAD = "SELECT sequence FROM surestock.head"


class Storm:
    """``commits`` is the chance of each commit to be struck at; ``is_calm`` deals no other blow."""

    def __init__(
        self, cluster: Cluster, shop: str, proxies: list[Proxy], seed: int, steps: int
    ) -> None:
        self.draw = Random(seed)
        self._url = f"{cluster.url(shop)}?sslmode=disable"
        self._urls = [f"{it.url(shop)}?sslmode=disable" for it in proxies] + [self._url]
        self._steps = steps
        self.one_clock = seed % 2 == 0
        self._fail_fast = seed % 3 == 0
        self.blows = Blows(self.draw, cluster, shop, proxies)
        self.machines: list[Machine] = []
        self.seen = Seen()
        self.slowest_s = 0.0
        self._world = World()
        self._keyed: list[tuple[Command, IdempotencyKey]] = []
        self._known = 0
        self._numbers = 0

    def _machine(self, place: int) -> Machine:
        skew_s = 0.0 if self.one_clock else (-2.0, 1.5, 0.0)[place % 3]
        config = short_config(self._urls[place], fail_fast=self._fail_fast and place == 1)
        return Machine(config, SkewedClock(skew_s))

    async def run(self, *, commits: float = 0.03, blows: float = 0.01) -> None:
        """Play it to its end, in good weather again."""
        self.machines = [self._machine(place) for place in range(len(self._urls))]
        for machine in self.machines:
            await machine.start()
        async with asyncio.TaskGroup() as group:
            ending = asyncio.Event()
            for machine in self.machines:
                group.create_task(self._follow(machine, ending))
            try:
                await self._play(commits, blows)
            finally:
                self.blows.disarm()
                await asyncio.to_thread(self.blows.mend)
                ending.set()

    async def _play(self, commits: float, blows: float) -> None:
        self.blows.arm(commits)
        running: set[asyncio.Task[None]] = set()
        meddling: set[asyncio.Task[None]] = set()
        loop = asyncio.get_running_loop()
        for _ in range(self._steps):
            if self.draw.random() < blows and not any(not it.done() for it in meddling):
                meddling.add(loop.create_task(self.blows.deal()))
            task = loop.create_task(self._anything())
            running.add(task)
            if self.draw.random() < 0.03:
                self.draw.choice(sorted(running, key=lambda it: it.get_name())).cancel()
            if self.draw.random() < 0.1:
                await asyncio.sleep(self.draw.choice((0, 0.002, 0.01)))
            while len(running) >= _AT_ONCE:
                await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                running = _still(running)
        if running:
            await asyncio.wait(running)
            _still(running)
        for it in meddling:
            await it

    async def end(self) -> None:
        """Close all machines."""
        for machine in self.machines:
            await machine.close()

    async def _head(self) -> int:
        """Return the last record that is committed; it is never before one that is told."""
        while True:
            with suppress(OSError, *_ENDED):
                side = await asyncpg.connect(self._url, timeout=5)
                try:
                    return int(await side.fetchval(_HEAD, timeout=5))
                finally:
                    side.terminate()
            await asyncio.sleep(0.02)

    async def _follow(self, machine: Machine, ending: asyncio.Event) -> None:
        """Read the feed all the time, as one who asks what comes after what he has."""
        after = 0
        while not ending.is_set():
            with suppress(Unavailable):
                page: list[Record] = await self._timed(machine.records(after, 100))
                self.seen.pages.append((after, page))
                after += len(page)
            await asyncio.sleep(0.005)

    async def _timed(self, work: Awaitable[T]) -> T:
        began = steady_time()
        try:
            return await work
        finally:
            self.slowest_s = max(self.slowest_s, steady_time() - began)

    async def _anything(self) -> None:
        machine = self.draw.choice(self.machines)
        draw = self.draw.random()
        if draw < 0.2:
            await self._look(machine)
        elif draw < 0.3 and self._keyed:
            await self._write(machine, *self.draw.choice(self._keyed[-20:]))
        elif draw < 0.36:
            await self._write_each(machine)
        elif draw < 0.38:
            with suppress(Unavailable):
                await machine.expire_due()
        else:
            command = any_command(self.draw, self._world)
            key = self._key(command) if self.draw.random() < 0.5 else None
            if key is not None and self.draw.random() < 0.3:  # the same at two machines at once
                await asyncio.gather(*(self._write(it, command, key) for it in self.machines[:2]))
            else:
                await self._write(machine, command, key)

    def _key(self, command: Command) -> IdempotencyKey:
        self._numbers += 1
        key = make_key("c", "POST", "/", f"key-{self._numbers}", fingerprint_of(command))
        self._keyed.append((command, key))
        return key

    async def _write(self, machine: Machine, command: Command, key: IdempotencyKey | None) -> None:
        envelope = sent(command, key)
        told = Told(envelope, self._known, None)
        self.seen.told.append(told)
        try:
            self._answered(told, await self._timed(machine.transact(envelope)))
        except (Refusal, Unavailable) as error:
            self._answered(told, error)

    async def _write_each(self, machine: Machine) -> None:
        commands = [any_command(self.draw, self._world) for _ in range(self.draw.randint(2, 5))]
        keys: list[IdempotencyKey | None] = [None] * len(commands)
        if self.draw.random() < 0.5:
            self._numbers += 1
            batch = make_key("c", "POST", "/b", f"b-{self._numbers}", fingerprint_of(commands))
            keys = [row_key(batch, row) for row in range(len(commands))]
        envelopes = [sent(*it) for it in zip(commands, keys, strict=True)]
        told = [Told(it, self._known, None) for it in envelopes]
        self.seen.told += told
        with suppress(IdempotencyConflict):
            answers = await self._timed(machine.transact_each(envelopes))
            for it, answer in zip(told, answers, strict=True):
                self._answered(it, answer)

    def _answered(self, told: Told, answer: Outcome | Refusal | Unavailable) -> None:
        told.answer = answer
        if isinstance(answer, Outcome):
            self._known = max(self._known, answer.sequence)
            if answer.reply.reservation_id is not None:
                self._world.held.append(answer.reply.reservation_id)

    async def _look(self, machine: Machine) -> None:
        with suppress(Unavailable):
            if self.draw.random() < 0.5:
                low = self._known
                level = await self._timed(machine.find_level((STORE, self.draw.choice(SKUS))))
                if level is not None:
                    self.seen.levels.append((low, await self._head(), level))
                return
            user = self.draw.choice(USERS)
            cart = await self._timed(machine.find_document((Cart.KIND, user)))
            if isinstance(cart, Cart):
                self._world.carts[user].append(cart.cart_id)
            checkout = await self._timed(machine.find_document((Checkout.KIND, user)))
            if isinstance(checkout, Checkout):
                self._world.attempts[user].append(checkout.attempt.attempt_id)


def _still(running: set["asyncio.Task[None]"]) -> set["asyncio.Task[None]"]:
    """Return the tasks that are not done; raise what others ended with."""
    for task in running:
        if task.done() and not task.cancelled():
            task.result()
    return {task for task in running if not task.done()}
