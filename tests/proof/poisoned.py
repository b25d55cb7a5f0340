"""A server whose sync worker cannot fold one change, as long as the cause is there."""

import asyncio
import time
from typing import Any

from tests.proof.campaign import Campaign
from tests.proof.fleet import Fleet
from tests.proof.http_client import Connection
from tests.proof.ledger import Effect, Operation
from tests.proof.logbook import read_records
from tests.proof.worker import Worker

STORE, SKU, VERSION = "north", "sku-1", 4
_TICKS = {"SYNC_INTERVAL_MS": "50"}
_PATIENCE_S = 120
_ASKED_AGAIN = 4


class Poisoned:
    """A server and a worker that cannot fold one change, as long as the cause is there."""

    def __init__(self, make_server: Fleet, tooth: str = "poisoned-worker") -> None:
        self.server = make_server(role="api")
        self.worker: Worker = make_server.worker(tooth=tooth, settings=_TICKS)
        self.campaign = Campaign(self.server, seed=15, clients=16)
        self._cause = self.server.data_dir.with_name("poison")
        self._cause.write_text(f"{STORE} {SKU} {VERSION}")
        self.server.start()
        self.campaign.open_levels()
        self.worker.start()
        self.worker.await_work()

    def cure(self) -> None:
        """Take the cause away."""
        self._cause.unlink()

    def load(self, acknowledged: int) -> None:
        """Write to all SKUs."""
        self.campaign.attack(acknowledged, lambda: None, lambda: None)

    def adjust(self, sku: str, delta: int, number: int) -> Operation:
        """Write to one level; return the operation, which was acknowledged."""
        path, marker = f"/stores/{STORE}/inventory/{sku}/adjust", f"one-{sku}-{number}"
        effects = (Effect(STORE, sku, delta, 0),)
        body = {"delta": delta, "reference": marker}
        operation = Operation(f"key-{marker}", "POST", path, body, marker, effects)
        assert self.campaign.run_alone([operation])
        assert operation.is_acknowledged
        return operation

    def ask(self, method: str, path: str, body: bytes = b"") -> tuple[int, dict[str, Any]]:
        """Send a request to the server; return the status and the body."""

        async def send() -> tuple[int, dict[str, Any]]:
            async with Connection(self.server.port) as connection:
                reply = await connection.request(method, path, body)
                return reply.status, reply.json()

        return asyncio.run(send())

    def letter(self) -> dict[str, Any]:
        """Return the one letter that there is, as it is now."""
        status, letters = self.ask("GET", "/dead-letters")
        assert status == 200
        (letter,) = letters["items"]
        return dict(letter)

    def dead_letter(self) -> dict[str, Any]:
        """Return the one letter, once the worker has given up on it."""
        self.campaign.sync()
        deadline = time.monotonic() + _PATIENCE_S
        while (letter := self.letter())["status"] == "retrying":
            assert time.monotonic() < deadline
        return letter

    def changes_behind(self) -> int:
        """Return how many changes of the SKU the log holds after the poisoned one."""
        changes = [
            level
            for record in read_records(self.server.data_dir)
            for level in record["levels"]
            if level["sku"] == SKU
        ]
        places = [(level["storeId"], level["version"]) for level in changes]
        return len(places) - 1 - places.index((STORE, VERSION))

    def reads_others_back(self, writes: int) -> int:
        """Write to other SKUs; return how many writes the view showed, each asked for at once.

        A worker that stands still is behind as well, so one that is behind is asked a few times.
        """
        shown = 0
        for number in range(writes):
            sku = f"sku-{2 + number % 3}"
            sequence = self.adjust(sku, 1, number).sequence
            read = f"/central/inventory/{sku}?minSequence={sequence}"
            status, found = self.ask("GET", read)
            for _ in range(_ASKED_AGAIN):
                if status == 503:
                    status, found = self.ask("GET", read)
            shown += status == 200 and found["appliedSequence"] >= sequence
        return shown

    def require_others_clean(self) -> None:
        """Compare the view with the log: nothing but the SKU may differ, and it says so itself."""
        verdict = self.campaign.judge_central()
        assert verdict.diverged == {SKU}
        assert verdict.wrong <= {SKU}
