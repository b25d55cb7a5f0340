"""What others saw of the log must still be in it.

A snapshot and the worker's checkpoint are made of durable records only. When they know of a record
that the log has lost, its end is no torn tail of which nobody was told: it is damage.
"""

from collections.abc import Callable

from msgspec import DecodeError, Struct, ValidationError, json

from surestock.engine.log.config import LogConfig
from surestock.journal.errors import JournalDamaged, JournalError
from surestock.journal.scan import TornTail
from surestock.snapshot import snapshot_sequences


class _Checkpoint(Struct):
    sequence: int


def check_covered(
    config: LogConfig, reached: Callable[[], int], torn: TornTail | None = None
) -> None:
    """Raise a ``JournalError`` unless the log reaches what was seen of it.

    ``reached`` returns its last sound record, and is asked after it was looked what was seen: the
    log may grow meanwhile. ``torn`` is its torn tail, if there is one.
    """
    seen = max(_checkpoint(config), *snapshot_sequences(config.snapshots), 0)
    sequence = reached()
    if seen <= sequence:
        return
    if torn is not None:
        why = f"{torn.why}, and record {seen} was durable, so this is no torn tail"
        raise JournalDamaged(torn.segment, 0, torn.offset, why)
    msg = (
        f"The event log ends with record {sequence}, but record {seen} was durable. Restore "
        f"{config.directory.name} from a backup. If an older log was restored on purpose, delete "
        f"the folders {config.snapshots.name}, {config.index.name} and {config.central.name}."
    )
    raise JournalError(msg)


def _checkpoint(config: LogConfig) -> int:
    """Return the worker's checkpoint; 0 when there is none, or it cannot be read."""
    try:
        content = (config.central / "checkpoint.json").read_bytes()
        return json.decode(content, type=_Checkpoint).sequence
    except (OSError, DecodeError, ValidationError):
        return 0
