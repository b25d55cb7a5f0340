"""What stands behind the frontier of a shared log: its writer died before it could tell of it.

It may have written a line and not synced it, begun a segment, or left a part of a line. Nobody was
told of any of it. As at a start, the disk is asked and not the page cache: what it holds and proves
itself is durable from now on, a torn end is set aside and cut off.
"""

from collections.abc import Callable
from pathlib import Path

from surestock.journal.position import LogPosition
from surestock.journal.repair import cut_torn_tail
from surestock.journal.scan import Scan
from surestock.journal.segment import segment_path
from surestock.journal.settle import settle


def goes_beyond(directory: Path, position: LogPosition) -> bool:
    """Tell whether the log may not end at ``position``. The caller has the writer lock.

    True also when the segment there is no plain file: it is archived, or lost.
    """
    path = position.path(directory)
    if path is not None and not (path.exists() and path.stat().st_size == position.end):
        return True
    following = position.sequence + 1
    return position.segment != following and segment_path(directory, following).exists()


def mend(
    directory: Path, archive: Path, position: LogPosition, torn: Callable[[Path, str], None]
) -> LogPosition:
    """Make sound and durable what stands behind ``position``; return where the log ends now.

    The caller has the writer lock. ``torn`` is told where a torn tail was set aside, and what was
    wrong with it. Raises ``NoRoom``; then it may be tried again. Raises another ``JournalError``
    or ``OSError``: then the log cannot be trusted.
    """
    settle(directory)
    scan = Scan(directory, archive, behind=position)
    for _ in scan:
        pass
    if scan.torn is not None:
        torn(cut_torn_tail(scan.torn), scan.torn.why)
    return scan.end
