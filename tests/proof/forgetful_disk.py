"""A disk that keeps what POSIX promises to keep, and nothing else. The model; see ``fuse_mount``.

Real file systems are kinder than the standard: when ext4 or XFS commit a new file for its
fdatasync, the commit holds the file's directory entry too, so that a missing fsync of the directory
never shows there. Code that leans on that loses whole files elsewhere. Here a file's bytes are kept
once the *file* was synced, and its name once the *directory* was synced. At a power cut
each other change is kept or forgotten by the throw of a die; a kept write may be torn.
"""

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

SECTOR = 512

Fate: TypeAlias = Callable[[], bool]
"""Tells of one unsynced change whether it is kept."""


@dataclass(slots=True, eq=False)
class File:
    """A file: as programs see it, as the disk keeps it, and the changes in between."""

    number: int
    mode: int
    data: bytearray = field(default_factory=bytearray)
    kept: bytearray = field(default_factory=bytearray)
    changes: list[tuple[int, bytes | None]] = field(default_factory=list)

    def write(self, offset: int, written: bytes) -> None:
        """Write, for programs to see."""
        _write(self.data, offset, written)
        self.changes.append((offset, written))

    def truncate(self, size: int) -> None:
        """Cut or extend with zeros, for programs to see."""
        _truncate(self.data, size)
        self.changes.append((size, None))

    def sync(self) -> None:
        """Let the disk keep everything that was written."""
        self.forget(lambda: True, None)

    def forget(self, fate: Fate, dice: random.Random | None) -> None:
        """Keep the changes that ``fate`` favours, the last of them perhaps in part only."""
        for offset, written in self.changes:
            if not fate():
                continue
            if written is None:
                _truncate(self.kept, offset)
            elif dice is not None and dice.random() < 0.5:
                _write(
                    self.kept,
                    offset,
                    written[: SECTOR * dice.randrange(len(written) // SECTOR + 1)],
                )
            else:
                _write(self.kept, offset, written)
        self.changes.clear()
        self.data = bytearray(self.kept)


@dataclass(slots=True, eq=False)
class Directory:
    """Names of files and directories. A change may concern two names at once: a rename."""

    number: int
    mode: int
    entries: dict[str, "Node"] = field(default_factory=dict)
    kept: dict[str, "Node"] = field(default_factory=dict)
    changes: list[dict[str, "Node | None"]] = field(default_factory=list)

    def change(self, names: dict[str, "Node | None"]) -> None:
        """Bind names, or drop those that are None, for programs to see."""
        _rebind(self.entries, names)
        self.changes.append(names)

    def sync(self) -> None:
        """Let the disk keep every name."""
        self.kept = dict(self.entries)
        self.changes.clear()

    def forget(self, fate: Fate, dice: random.Random | None) -> None:
        """Keep the changes that ``fate`` favours, and so on below."""
        for names in self.changes:
            if fate():
                _rebind(self.kept, names)
        self.changes.clear()
        self.entries = dict(self.kept)
        for node in self.entries.values():
            node.forget(fate, dice)


Node: TypeAlias = File | Directory


class ForgetfulDisk:
    """A tree of files. One thread serves it; others may call what concerns its power."""

    def __init__(self) -> None:
        self.root = Directory(1, 0o40700)
        self.nodes: dict[int, Node] = {1: self.root}
        self.is_dead = False
        self._stalled = False
        self._released = threading.Event()
        self._held = threading.Event()

    def new_file(self, parent: Directory, name: str, mode: int) -> File:
        """Create an empty file."""
        made = File(len(self.nodes) + 1, mode)
        self._add(parent, name, made)
        return made

    def new_directory(self, parent: Directory, name: str, mode: int) -> Directory:
        """Create an empty directory."""
        made = Directory(len(self.nodes) + 1, 0o40000 | mode)
        self._add(parent, name, made)
        return made

    def _add(self, parent: Directory, name: str, made: Node) -> None:
        self.nodes[made.number] = made
        parent.change({name: made})

    def sync(self, node: Node) -> bool:
        """Let the disk keep ``node``; return False when the disk stalled, and did not."""
        if self._stalled:
            self._held.set()
            self._released.wait()
            return False
        node.sync()
        return True

    def stall(self) -> None:
        """Let no sync come to its end any more."""
        self._released.clear()
        self._held.clear()
        self._stalled = True

    def await_sync(self, within_s: float) -> None:
        """Wait until a sync has begun that will not come to its end."""
        assert self._held.wait(within_s), "nobody syncs"

    def release(self) -> None:
        """Let the syncs that wait return, undone."""
        self._released.set()

    def recover(self) -> None:
        """Sync again as before."""
        self.release()
        self._stalled = False

    def cut(self) -> None:
        """Switch the power off: from now on nothing is read or written."""
        self.is_dead = True

    def restart(self, dice: random.Random, *, harsh: bool = False) -> None:
        """Switch the power on: show what is left. A harsh cut forgets all that it may."""
        self.root.forget(lambda: not harsh and dice.random() < 0.5, dice)
        self.is_dead = False


def _write(data: bytearray, offset: int, written: bytes) -> None:
    if len(data) < offset:
        data.extend(bytes(offset - len(data)))
    data[offset : offset + len(written)] = written


def _truncate(data: bytearray, size: int) -> None:
    if size < len(data):
        del data[size:]
    else:
        data.extend(bytes(size - len(data)))


def _rebind(entries: dict[str, Node], names: dict[str, Node | None]) -> None:
    for name, node in names.items():
        if node is None:
            entries.pop(name, None)
        else:
            entries[name] = node
