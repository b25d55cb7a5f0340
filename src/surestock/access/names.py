"""What a client and a store may be called, and what may be noted about a key.

All of it is shown in lists, logs and histories. So none of it may be a key that somebody put into
the wrong place, and a sentence about it never repeats it.
"""

import re
from typing import Final

from surestock.access.credential import holds_key

RESERVED: Final = frozenset({"anonymous", "import", "surestock", "expiry"})
"""Who acts in the log without a key. A client must not pass for one of them."""

_MOST_NOTE_CHARS = 200
_is_name = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}").fullmatch
_WHAT_A_NAME_IS = "1 to 64 of A-Z a-z 0-9 . _ : - and begins with a letter or digit"


def fault_of_client(name: str) -> str | None:
    """Return why no client can be called ``name``, or None."""
    if not _is_name(name):
        return f"the client's name has {_WHAT_A_NAME_IS}"
    if holds_key(name):
        return "the client's name is an API key: revoke it, it may have been seen"
    if name.lower() in RESERVED:
        return f"the client's name is none of {', '.join(sorted(RESERVED))}: the log has them"
    return None


def fault_of_stores(stores: tuple[str, ...] | None) -> str | None:
    """Return why no key can be limited to ``stores``, or None."""
    if stores is None:
        return None
    if not stores:
        return "stores names no store; for a key that is good in all of them it is null"
    if not all(map(_is_name, stores)):
        return f"a store's id has {_WHAT_A_NAME_IS}"
    return None


def fault_of_note(note: str | None) -> str | None:
    """Return why ``note`` cannot be noted, or None."""
    if note is None:
        return None
    if not note.isprintable() or not 0 < len(note) <= _MOST_NOTE_CHARS:
        return f"a note is one line of 1 to {_MOST_NOTE_CHARS} characters"
    if holds_key(note):
        return "the note holds an API key: revoke it, it may have been seen"
    return None
