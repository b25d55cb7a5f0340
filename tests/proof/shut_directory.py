"""A directory that cannot be used any more, in the middle of everything, and can be again.

A mode says nothing to the superuser. So it is hidden by an empty file system that is read-only, or,
which needs no rights, moved away with a file in its place.
"""

import os
import shutil
import subprocess
from pathlib import Path


class ReadOnlyDirectory:
    """``path``, with a read-only file system mounted over it while it is shut."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)

    def shut(self) -> None:
        """Let nobody write."""
        _run("mount", "-t", "tmpfs", "-o", "ro", "tmpfs", self._path)

    def open(self) -> None:
        """Let everybody write."""
        _run("umount", "-l", self._path)


class FileInItsPlace:
    """``path``, moved away with a file in its place while it is shut."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._aside = path.with_name("aside")

    def shut(self) -> None:
        """Take the directory away."""
        self._path.rename(self._aside)
        self._path.write_text("no directory")

    def open(self) -> None:
        """Put it back."""
        self._path.unlink()
        self._aside.rename(self._path)


def why_not_read_only(folder: Path) -> str | None:
    """Return why no directory can be made read-only here, in words for a skip; None when it can."""
    if os.geteuid() != 0:
        return "a read-only directory needs root: a file system is mounted over it"
    for tool in ("mount", "umount"):
        if shutil.which(tool) is None:
            return f"a read-only directory needs {tool}, which is not installed"
    folder.mkdir()
    directory = ReadOnlyDirectory(folder)
    try:
        directory.shut()
        directory.open()
    except subprocess.CalledProcessError as error:
        return f"a read-only directory needs mount, which is refused here: {error.stderr.strip()}"
    return None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
