"""Drive an import: rows in chunks to a recorder, faults to stderr, the sum to stdout."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from itertools import islice
from pathlib import Path

import typer
from msgspec import Struct

from surestock.cli.byte_progress import byte_progress
from surestock.cli.counting.errors import ImportStopped
from surestock.cli.counting.file import CountFile, Row
from surestock.cli.counting.into_log import LogRecorder
from surestock.cli.counting.over_http import HttpRecorder
from surestock.cli.counting.recorder import Recorder
from surestock.cli.failing import FOUND_WRONG, IMPOSSIBLE, fail, printable, tell
from surestock.cli.place import Place
from surestock.inventory.commands import CountStock
from surestock.journal.errors import JournalHeld
from surestock.kit.clock import SystemClock
from surestock.runtime.offline import OfflineEngine, event_log_of

_CHUNK_ROWS = 1000
_INTERRUPTED = 130


class Tally(Struct):
    """Rows so far: recorded now, recorded by an earlier run, failed."""

    recorded: int = 0
    earlier: int = 0
    failed: int = 0

    def __str__(self) -> str:
        earlier = (
            f" ({self.earlier:,} more were recorded by an earlier run)" if self.earlier else ""
        )
        return f"{self.recorded:,} counts recorded{earlier}, {self.failed:,} rows failed"


def import_file(path: Path, place: Place, url: str | None, key: str | None) -> None:
    """Import the counts of ``path`` into a data directory, or through the server at ``url``.

    ``key`` is the API key for that server, if it asks for one.

    Ends the command with an exit code other than 0 unless every row was recorded. Raises
    ``FileUnusable``, ``TargetUnusable``, a ``JournalError`` or ``OSError``.
    """
    source = CountFile(path)
    tally = Tally()
    try:
        with (
            _recorder(source, place, url, key) as recorder,
            byte_progress("Importing", source.size_bytes) as progress,
        ):
            import_rows(source, recorder, tally, progress)
    except (ImportStopped, KeyboardInterrupt) as stop:
        why = str(stop) or "interrupted"
        tell(f"stopped after {tally}: {why}. Run the same command again to go on.")
        raise typer.Exit(
            _INTERRUPTED if isinstance(stop, KeyboardInterrupt) else FOUND_WRONG
        ) from stop
    typer.echo(f"{path}: {tally}")
    if tally.failed:
        raise typer.Exit(FOUND_WRONG)


def import_rows(
    source: CountFile, recorder: Recorder, tally: Tally, progress: Callable[[int], None]
) -> None:
    """Record every row of ``source`` that ``recorder`` has not yet, and count in ``tally``."""
    done = recorder.recorded_lines()
    rows = source.rows()
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        counts = [
            (row.line, row.count)
            for row in chunk
            if isinstance(row.count, CountStock) and row.line not in done
        ]
        answers = dict(zip((line for line, _ in counts), recorder.record(counts), strict=True))
        for row in chunk:
            _take(row, answers, tally, source.path)
        progress(chunk[-1].end)


def _take(row: Row, answers: dict[int, str | None], tally: Tally, path: Path) -> None:
    if not isinstance(row.count, CountStock):
        why: str | None = str(row.count)
    elif row.line in answers:
        why = answers[row.line]
    else:
        tally.earlier += 1
        return
    if why is None:
        tally.recorded += 1
    else:
        tally.failed += 1
        tell(f"{path}, line {row.line}: {printable(why)}")


@contextmanager
def _recorder(
    source: CountFile, place: Place, url: str | None, key: str | None
) -> Iterator[Recorder]:
    if url is not None:
        with closing(HttpRecorder(url, source.digest, key=key)) as recorder:
            yield recorder
        return
    if place.database_url is not None:
        fail(
            "With ENGINE=postgres, counts are imported through a server: name one with "
            "--url http://HOST:PORT. With --data-dir, they go into a data directory.",
            IMPOSSIBLE,
        )
    directory = event_log_of(place.data_dir)
    engine = OfflineEngine(directory, place.idempotency_ttl, SystemClock(), _tell_torn)
    with ExitStack() as opened:
        try:
            opened.enter_context(engine)
        except JournalHeld as held:
            fail(
                f"{directory} is in use by {held.holder}. Import through it with "
                "--url http://HOST:PORT, or stop it first.",
                IMPOSSIBLE,
            )
        yield LogRecorder(engine, source.digest)


def _tell_torn(aside: Path, why: str) -> None:
    tell(f"note: a torn tail ({why}) was cut off the log and set aside in {aside}.")
