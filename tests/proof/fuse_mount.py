"""Mounts a :class:`ForgetfulDisk`, so that a real process can use it through real system calls.

Speaks the kernel's FUSE protocol over ``/dev/fuse`` itself (include/uapi/linux/fuse.h, version
7.31): a disk of the proof's own needs no library. Served by one thread; needs root to mount.
"""

import ctypes
import errno
import os
import select
import struct
import threading
from pathlib import Path

from tests.proof.forgetful_disk import ForgetfulDisk
from tests.proof.fuse_calls import MAX_WRITE, FuseCalls, Refused

_MOUNT_FLAGS = 2 | 4  # MS_NOSUID, MS_NODEV
_DETACH = 2  # MNT_DETACH
_IN_HEADER = struct.Struct("<IIQQIIII")
_OUT_HEADER = struct.Struct("<IiQ")
_FORGET, _INTERRUPT, _BATCH_FORGET = 2, 36, 42
_libc = ctypes.CDLL(None, use_errno=True)


class FuseMount:
    """A mounted disk. ``mount`` raises ``OSError`` where the machine does not allow it."""

    def __init__(self, disk: ForgetfulDisk, folder: Path) -> None:
        self.disk = disk
        self.folder = folder
        self._device = -1
        self._end, self._ended = os.pipe()
        self._server: threading.Thread | None = None

    def mount(self) -> None:
        """Show the disk in ``folder``."""
        device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
        options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
        target = os.fsencode(self.folder)
        if _libc.mount(b"forgetful", target, b"fuse", _MOUNT_FLAGS, options):
            os.close(device)
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), str(self.folder))
        self._device = device
        self._server = threading.Thread(target=self._serve, name="forgetful-disk", daemon=True)
        self._server.start()

    def unmount(self) -> None:
        """Take the disk away; processes that still use it get errors."""
        if self._server is not None:
            _libc.umount2(os.fsencode(self.folder), _DETACH)
            os.write(self._ended, b"x")
            self.disk.release()
            self._server.join()
            os.read(self._end, 1)
            os.close(self._device)
            self._server = None

    def close(self) -> None:
        """Unmount, for good."""
        self.unmount()
        os.close(self._end)
        os.close(self._ended)

    def _serve(self) -> None:
        calls = FuseCalls(self.disk)
        while True:
            readable, _, _ = select.select([self._device, self._end], [], [])
            if self._end in readable:
                return
            try:
                request = os.read(self._device, MAX_WRITE + 4096)
            except OSError as error:
                if error.errno in {errno.ENODEV, errno.ECONNABORTED}:
                    return
                if error.errno in {errno.ENOENT, errno.EINTR, errno.EAGAIN}:
                    continue
                raise
            _, opcode, unique, node, *_ = _IN_HEADER.unpack_from(request)
            if opcode in {_FORGET, _BATCH_FORGET, _INTERRUPT}:
                continue
            code, answer = 0, b""
            try:
                answer = calls.answer(opcode, node, request[_IN_HEADER.size :])
            except Refused as refused:
                code = -refused.code
            head = _OUT_HEADER.pack(_OUT_HEADER.size + len(answer), code, unique)
            self._reply(head + answer)

    def _reply(self, reply: bytes) -> None:
        try:
            os.write(self._device, reply)
        except OSError as error:
            if error.errno != errno.ENOENT:  # the caller was killed and does not wait any more
                raise
