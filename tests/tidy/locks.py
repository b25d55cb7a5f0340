"""House rules for lock files: every file by its hash, and no word about where it comes from."""

import re
from collections.abc import Iterator

_PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9-]*)==(?P<version>[^ ;\\]+)(?: ; [^\\]+)? \\")
_HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}(?: \\)?")


def loose_line(path: str, text: str) -> Iterator[str]:
    """Complain about each line that is not a pin, a hash or a comment, and about a lonely pin."""
    hashed = True
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip().startswith("#") or not line.strip():
            continue
        if _PIN.fullmatch(line):
            if not hashed:
                yield f"{path}:{number}: the pin before this one has no hash"
            hashed = False
        elif _HASH.fullmatch(line):
            hashed = True
        else:
            yield f"{path}:{number}: neither a pin nor a hash: {line.strip()}"
    if not hashed:
        yield f"{path}: the last pin has no hash"


def pins(text: str) -> set[tuple[str, str]]:
    """Return the (name, version) pairs of a lock file."""
    return {(found["name"], found["version"]) for found in _PIN.finditer(text)}


def named(text: str) -> set[str]:
    """Return the names that a list of loose requirements asks for, in canonical spelling."""
    lines = (line.split("#")[0].strip() for line in text.splitlines())
    names = (re.match(r"[A-Za-z0-9][\w.-]*", line) for line in lines)
    return {re.sub(r"[-_.]+", "-", name.group()).lower() for name in names if name}
