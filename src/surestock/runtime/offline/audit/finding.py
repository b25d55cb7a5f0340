"""One thing that is wrong with what was made from the log."""

from pathlib import Path

from msgspec import Struct


class Finding(Struct, frozen=True):
    """``path`` is the file, or the folder of what is in no file; ``why`` ends without a stop."""

    path: Path
    why: str
