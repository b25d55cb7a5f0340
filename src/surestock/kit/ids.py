"""Unique ids that are cheap to make and tell which of one process's ids came first.

An id is ``<boot>-<n>``: ``boot`` is 60 random bits in base 32, drawn once a process, and ``n``
counts up in hexadecimal. Two ids of one boot are therefore ordered, and "have I seen this id
already" needs one number a boot, not one entry an id.
"""

import itertools
import secrets

_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_BOOT_CHARS = 12


class IdSource:
    """Makes the ids of one process. ``boot`` may be given by tests to make them repeatable."""

    def __init__(self, boot: str | None = None) -> None:
        self.boot = boot or "".join(secrets.choice(_ALPHABET) for _ in range(_BOOT_CHARS))
        self._counter = itertools.count(1)

    def next(self) -> str:
        """Return an id that no process returned before."""
        return f"{self.boot}-{next(self._counter):x}"


def boot_and_count(made: str) -> tuple[str, int]:
    """Split an id of an :class:`IdSource` into its boot and its number.

    Raises ``ValueError`` for a text that no source made.
    """
    boot, dash, digits = made.rpartition("-")
    # int() reads many spellings of a number, and a source writes one.
    count = int(digits, 16) if dash else 0
    if count < 1 or f"{count:x}" != digits or not boot:
        msg = f"not an id of this service: {made!r}"
        raise ValueError(msg)
    return boot, count
