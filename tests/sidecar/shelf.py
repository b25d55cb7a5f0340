"""Small runs to test with."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path

from surestock.sidecar.entry import Entry
from surestock.sidecar.listing import list_runs, run_path
from surestock.sidecar.runs import Runs
from surestock.sidecar.write import write_run

KEYS = ".keys"
START = datetime(2026, 1, 1, tzinfo=UTC)


def digest(number: int) -> bytes:
    """The digest of a thing that is known by a number."""
    return blake2b(number.to_bytes(8, "big"), digest_size=16).digest()


def row_digest(batch: int, row: int) -> bytes:
    """The digest of one row of a batch: those of a batch differ in their last bytes only."""
    return digest(batch)[:12] + row.to_bytes(4, "big")


def entry(sequence: int, thing: int | None = None) -> Entry:
    """An entry that finds record ``sequence`` by a thing, by default one with that number."""
    return Entry(
        digest(sequence if thing is None else thing), sequence, sequence * 100, 100, sequence
    )


def minutes(count: float) -> datetime:
    return START + timedelta(minutes=count)


def put(
    directory: Path,
    first: int,
    last: int,
    at: float = 0,
    entries: Iterable[Entry] | None = None,
    suffix: str = KEYS,
) -> Path:
    """Write the run over ``first`` to ``last``, with an entry for each sequence, and return it."""
    path = run_path(directory, first, last, suffix)
    made = [entry(number) for number in range(first, last + 1)] if entries is None else entries
    write_run(path, first, last, minutes(at), made)
    return path


def opened(directory: Path) -> Runs:
    runs = Runs(directory, KEYS)
    runs.refresh()
    return runs


def ranges(directory: Path) -> list[tuple[int, int]]:
    """What the runs on disk say that they cover."""
    return [(run.first, run.last) for run in list_runs(directory, KEYS)]


def flip(path: Path, offset: int, mask: int = 0x01) -> None:
    """Change one byte of a file in place."""
    with path.open("r+b") as file:
        file.seek(offset)
        (byte,) = file.read(1)
        file.seek(offset)
        file.write(bytes([byte ^ mask]))
