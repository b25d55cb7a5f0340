"""A provider that tells who places an order, and waits for a word before it asks for it.

So a process can be killed or stopped between its record that it places and the request that leaves.
It stands for any provider that has something to do before that request, such as to get a token.
"""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from surestock.cart.model import ExternalContext
from surestock.commerce.platform import Platform
from surestock.commerce.port import OrderRequest, PlacedOrder
from surestock.kit.clock import Clock
from tests.stand_in.provider import StandInConfig, StandInProvider

_HOLD = "hold"
_POLL_S = 0.002
_ENTRY_POINTS = f"[surestock.commerce]\nhesitant = {__name__}:PLATFORM\n"
_METADATA = "Metadata-Version: 2.1\nName: surestock-hesitant\nVersion: 1\n"


class HesitantConfig(StandInConfig, frozen=True, forbid_unknown_fields=True):
    """That of the stand-in, and where to tell who places, and to see whether to wait."""

    folder: str


class HesitantProvider(StandInProvider):
    """The stand-in's, but for the order."""

    def __init__(self, config: HesitantConfig, clock: Clock) -> None:
        super().__init__(config, clock)
        self._folder = Path(config.folder)

    async def place_order(self, context: ExternalContext, request: OrderRequest) -> PlacedOrder:
        (self._folder / f"{request.attempt_id}.{os.getpid()}").touch()
        while (self._folder / _HOLD).exists():  # noqa: ASYNC110 - it is a file
            await asyncio.sleep(_POLL_S)
        return await super().place_order(context, request)


PLATFORM = Platform(config=HesitantConfig, make=HesitantProvider)


class Placing:
    """What a test sees of those who place. ``settings`` are the stand-in's, made hesitant."""

    def __init__(self, folder: Path, settings: dict[str, str]) -> None:
        self._folder = folder / "placing"
        self._folder.mkdir()
        config = json.loads(Path(settings["COMMERCE_CONFIG_FILE"]).read_bytes())
        config_file = folder / "hesitant.json"
        config_file.write_text(json.dumps({**config, "folder": str(self._folder)}))
        told = folder / "hesitant" / "surestock_hesitant-1.dist-info"
        told.mkdir(parents=True)
        (told / "METADATA").write_text(_METADATA)
        (told / "entry_points.txt").write_text(_ENTRY_POINTS)
        self.settings = {
            "COMMERCE_PROVIDER": "hesitant",
            "COMMERCE_CONFIG_FILE": str(config_file),
            "PYTHONPATH": os.pathsep.join((settings["PYTHONPATH"], str(told.parent))),
        }

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody ask for an order for the length of the block."""
        hold = self._folder / _HOLD
        hold.touch()
        try:
            yield
        finally:
            hold.unlink()

    def attempts(self) -> dict[str, int]:
        """Return of each attempt that was placed the process that did."""
        named = (path.name.rpartition(".") for path in self._folder.iterdir())
        return {attempt_id: int(pid) for attempt_id, _, pid in named if attempt_id}

    async def next(self, known: dict[str, int]) -> tuple[str, int]:
        """Return the first attempt that is not among ``known``, once there is one."""
        while True:
            for attempt_id, pid in self.attempts().items():
                if attempt_id not in known:
                    return attempt_id, pid
            await asyncio.sleep(_POLL_S)
