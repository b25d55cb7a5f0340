"""The calls of the operating system that the log rests on, and what it shows of itself, broken."""

import contextlib
import importlib
import os
import stat
import threading
import time
from queue import SimpleQueue
from typing import Any

_LATE_S = 0.03


def no_fdatasync() -> None:
    """The file's bytes are never forced to the disk."""
    really_sync = os.fsync

    def fdatasync(fd: int) -> None:
        os.fstat(fd)

    def fsync(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            really_sync(fd)

    vars(os).update(fdatasync=fdatasync, fsync=fsync)


def deaf_fdatasync() -> None:
    """A failed fdatasync goes unnoticed."""
    really_sync = os.fdatasync

    def fdatasync(fd: int) -> None:
        with contextlib.suppress(OSError):
            really_sync(fd)

    vars(os).update(fdatasync=fdatasync)


def no_directory_fsync() -> None:
    """The names of new files are never forced to the disk."""
    really_sync = os.fsync

    def fsync(fd: int) -> None:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            really_sync(fd)

    vars(os).update(fsync=fsync)


def no_file_fsync() -> None:
    """What a start finds in the page cache is believed to be on the disk."""
    really_sync = os.fsync

    def fsync(fd: int) -> None:
        if stat.S_ISDIR(os.fstat(fd).st_mode):
            really_sync(fd)

    vars(os).update(fsync=fsync)


def late_write() -> None:
    """A write says that it is done, and is done a little later."""
    really_write = os.pwrite
    waiting: SimpleQueue[tuple[int, bytes, int]] = SimpleQueue()

    def pwrite(fd: int, data: bytes, offset: int, /) -> int:
        waiting.put((os.dup(fd), bytes(data), offset))
        return len(data)

    def write_behind() -> None:
        while True:
            fd, data, offset = waiting.get()
            time.sleep(_LATE_S)
            really_write(fd, data, offset)
            os.close(fd)

    vars(os).update(pwrite=pwrite)
    threading.Thread(target=write_behind, daemon=True).start()


def undurable_read() -> None:
    """A read shows what is decided; the write to the log takes its time."""
    really_write = os.pwrite

    def pwrite(fd: int, data: bytes, offset: int, /) -> int:
        time.sleep(_LATE_S)
        return really_write(fd, data, offset)

    vars(os).update(pwrite=pwrite)
    engine = importlib.import_module("surestock.engine.log.engine").LogEngine

    async def find_level(self: Any, key: tuple[str, str]) -> Any:
        return self._core.memory.overlay.level(key)

    engine.find_level = find_level
