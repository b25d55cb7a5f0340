"""Stock levels as lines of a file, in the contract's names."""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import json

from surestock.cli.failing import tell
from surestock.cli.place import Place
from surestock.cli.stock_format import Format
from surestock.inventory.model import Level
from surestock.inventory.reply import stock_body
from surestock.kit.clock import SystemClock
from surestock.kit.files import write_atomic
from surestock.runtime.offline import existing_event_log, read_levels

_COLUMNS = b"storeId,sku,qty,onHand,reserved,version,updatedAt\n"


def write_levels(place: Place, form: Format, out: Path | None) -> None:
    """Write the levels of the log to ``out``, as a whole or not at all; to stdout without it.

    Raises ``NoEventLog``, a ``JournalError`` or ``OSError``.
    """
    directory = existing_event_log(place.data_dir)
    levels, torn = read_levels(directory, SystemClock().now())
    if torn is not None:
        tell(f"note: a torn tail of {torn.segment} was left out; it holds nothing acknowledged.")
    lines = _LINES[form](levels)
    if out is None:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    else:
        write_atomic(out, b"".join(lines))
        tell(f"wrote {len(levels):,} levels to {out}.")


def _ndjson(levels: Iterable[Level]) -> Iterator[bytes]:
    for level in levels:
        yield json.encode(stock_body(level)) + b"\n"


def _csv(levels: Iterable[Level]) -> Iterator[bytes]:
    yield _COLUMNS
    for level in levels:
        body = stock_body(level)
        # No value needs quoting: ids are of letters, digits and . _ : - only.
        yield (
            f"{body.store_id},{body.sku},{body.qty},{body.on_hand},{body.reserved},{body.version},"
            f"{body.updated_at.isoformat().replace('+00:00', 'Z')}\n"
        ).encode()


def _json(levels: Iterable[Level]) -> Iterator[bytes]:
    separator = b"[\n"
    for level in levels:
        yield separator + json.encode(stock_body(level))
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


_LINES: dict[Format, Callable[[Iterable[Level]], Iterator[bytes]]] = {
    Format.NDJSON: _ndjson,
    Format.CSV: _csv,
    Format.JSON: _json,
}
