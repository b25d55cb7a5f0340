"""Upkeep, broken: a segment leaves the log before what is to stand for it is durable."""

import tempfile
from pathlib import Path
from typing import Any

from surestock.engine.log.config import LogConfig
from surestock.engine.log.sealed import Sealed, sealed_segments
from surestock.engine.log.upkeep import compaction, work
from surestock.journal.archive import archive_segment


def unlink_before_archive() -> None:
    """The plain segment goes first, then its archived copy is written."""

    def take_out(config: LogConfig, sealed: Sealed, *, archive: bool, **_: Any) -> None:
        plain = sealed.segment.path
        with tempfile.TemporaryDirectory() as folder:
            aside = Path(folder) / plain.name
            aside.write_bytes(plain.read_bytes())
            plain.unlink()
            if archive:
                archive_segment(aside, config.archive)

    vars(compaction).update(_take_out=take_out)


def unlink_before_snapshot() -> None:
    """What a new snapshot will cover is gone before there is one."""
    really_snapshot = vars(work)["snapshot_if_due"]

    def snapshot_if_due(config: LogConfig, *parts: Any) -> Any:
        covered = [it.segment.path for it in sealed_segments(config)]
        contents = {path: path.read_bytes() for path in covered if path.exists()}
        with tempfile.TemporaryDirectory() as folder:
            for path in contents:
                path.unlink()
            aside = Path(folder) / config.directory.name
            aside.mkdir()
            for path in [*contents, *config.directory.glob("*.ndjson")]:
                (aside / path.name).write_bytes(contents.get(path) or path.read_bytes())
            there = _Elsewhere(config, aside)
            return really_snapshot(there, *parts)

    vars(work).update(snapshot_if_due=snapshot_if_due)


class _Elsewhere:
    """A configuration whose segments are in another folder."""

    def __init__(self, config: LogConfig, directory: Path) -> None:
        self._config = config
        self.directory = directory

    def __getattr__(self, name: str) -> Any:
        return getattr(self._config, name)
