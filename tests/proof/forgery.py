"""Records that the service would never write, in a log whose every checksum is sound."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zlib import crc32

import orjson

_TIME = "2026-11-21T23:58:51.567650Z"


class Forgery:
    """A log in one segment, written line by line: each record a group commit of its own."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "event-log" / f"{1:020d}.ndjson"
        self._path.parent.mkdir(parents=True)
        self._prev = "00000000"
        self.sequence = 0
        self._write({"format": "surestock-log/1", "first": 1, "ts": _TIME})

    @property
    def end(self) -> int:
        """How many bytes the segment has."""
        return self._path.stat().st_size

    def record(self, *levels: tuple[str, str, int, int, int]) -> int:
        """Append a record that tells (store, SKU, on-hand, reserved, version); return its place."""
        self.sequence += 1
        record = {
            "sequence": self.sequence,
            "id": f"forged-{self.sequence}",
            "ts": _TIME,
            "actor": "forger",
            "events": [],
            "levels": [_level(level) for level in levels],
        }
        place = {"first": self.sequence, "last": self.sequence, "ts": _TIME}
        self._write({**place, "records": [record]})
        return self.sequence

    def _write(self, members: dict[str, Any]) -> None:
        rest = orjson.dumps({"prev": self._prev, **members})[1:]
        self._prev = f"{crc32(rest):08x}"
        with self._path.open("ab") as log:
            log.write(b'{"crc":"%s",' % self._prev.encode() + rest + b"\n")


def _level(told: Sequence[Any]) -> dict[str, Any]:
    store, sku, on_hand, reserved, version = told
    return {
        "storeId": store,
        "sku": sku,
        "onHand": on_hand,
        "reserved": reserved,
        "version": version,
        "updatedAt": _TIME,
    }
