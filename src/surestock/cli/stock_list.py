"""Stock as lines of a file, in the contract's names: each store's levels, or SKUs over all stores.

No value of a CSV needs quoting: ids are of letters, digits and . _ : - only.
"""

import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, json

from surestock.cli.failing import tell
from surestock.cli.place import Place
from surestock.cli.stock_format import Format, View
from surestock.inventory.reply import CentralBody, StockBody, central_body, stock_body
from surestock.journal.scan import TornTail
from surestock.kit.clock import SystemClock
from surestock.kit.files import write_atomic
from surestock.runtime.offline import existing_event_log, read_central, read_levels


class _Shape(Struct, frozen=True):
    """How one view is read and written: ``body`` shows a value, ``row`` is a body's CSV row.

    ``read`` reads it from a log, ``ask`` from a database.
    """

    noun: str
    read: Callable[[Path], tuple[list[Any], TornTail | None]]
    ask: Callable[[str], list[Any]]
    body: Callable[[Any], Any]
    columns: str
    row: Callable[[Any], str]


def write_stock(place: Place, what: View, form: Format, out: Path | None) -> None:
    """Write ``what`` of the place to ``out``, as a whole or not at all; to stdout without it.

    Raises ``NoEventLog``, a ``JournalError``, ``CentralDamaged``, ``CannotFold``, a
    ``DatabaseError`` or ``OSError``.
    """
    shape = _SHAPES[what]
    values, torn = _values(place, shape)
    if torn is not None:
        tell(f"note: a torn tail of {torn.segment} was left out; it holds nothing acknowledged.")
    lines = _LINES[form](map(shape.body, values), shape)
    if out is None:
        sys.stdout.buffer.writelines(lines)
        sys.stdout.buffer.flush()
    else:
        write_atomic(out, b"".join(lines))
        tell(f"wrote {len(values):,} {shape.noun} to {out}.")


def _values(place: Place, shape: _Shape) -> tuple[list[Any], TornTail | None]:
    if place.database_url is not None:
        return shape.ask(place.database_url), None
    return shape.read(existing_event_log(place.data_dir))


def _ask_levels(url: str) -> list[Any]:
    from surestock.cli.table_reading import ask_levels  # noqa: PLC0415 - a driver is paid for

    return ask_levels(url)


def _ask_central(url: str) -> list[Any]:
    from surestock.cli.table_reading import ask_central  # noqa: PLC0415 - the same

    return ask_central(url)


def _ndjson(bodies: Iterable[Any], _: _Shape) -> Iterator[bytes]:
    for body in bodies:
        yield json.encode(body) + b"\n"


def _csv(bodies: Iterable[Any], shape: _Shape) -> Iterator[bytes]:
    yield f"{shape.columns}\n".encode()
    for body in bodies:
        yield f"{shape.row(body)}\n".encode()


def _json(bodies: Iterable[Any], _: _Shape) -> Iterator[bytes]:
    separator = b"[\n"
    for body in bodies:
        yield separator + json.encode(body)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"


def _stock_row(body: StockBody) -> str:
    return (
        f"{body.store_id},{body.sku},{body.qty},{body.on_hand},{body.reserved},{body.version},"
        f"{body.updated_at.isoformat().replace('+00:00', 'Z')}"
    )


def _central_row(body: CentralBody) -> str:
    diverged = str(body.diverged).lower()
    return f"{body.sku},{body.qty},{body.on_hand},{body.reserved},{len(body.stores)},{diverged}"


_LINES: dict[Format, Callable[[Iterable[Any], _Shape], Iterator[bytes]]] = {
    Format.NDJSON: _ndjson,
    Format.CSV: _csv,
    Format.JSON: _json,
}
_SHAPES = {
    View.STOCK: _Shape(
        "levels",
        lambda directory: read_levels(directory, SystemClock().now()),
        _ask_levels,
        stock_body,
        "storeId,sku,qty,onHand,reserved,version,updatedAt",
        _stock_row,
    ),
    View.CENTRAL: _Shape(
        "SKUs",
        lambda directory: read_central(directory, SystemClock()),
        _ask_central,
        central_body,
        "sku,qty,onHand,reserved,stores,diverged",
        _central_row,
    ),
}
