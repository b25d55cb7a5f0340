"""What each file system call means for a :class:`ForgetfulDisk`, in the structs of fuse.h."""

import errno
import os
import struct
from collections.abc import Callable

from tests.proof.forgetful_disk import Directory, File, ForgetfulDisk, Node

MAX_WRITE = 1 << 17
_BIG_WRITES = 1 << 5
_OPEN_BYTES = 16  # fuse_open_out: no handle, no flags: the kernel caches reads, never writes
_SIZE_VALID, _MODE_VALID = 8, 1
_BLOCKS = 1 << 20


class Refused(Exception):
    """The call fails with the errno ``code``."""

    def __init__(self, code: int) -> None:
        super().__init__(os.strerror(code))
        self.code = code


def _attributes(node: Node) -> bytes:
    size = len(node.data) if isinstance(node, File) else 0
    blocks = (size + 511) // 512
    return struct.pack(
        "<6Q10I", node.number, size, blocks, 0, 0, 0, 0, 0, 0, node.mode, 1, 0, 0, 0, 4096, 0
    )


def _entry(node: Node) -> bytes:
    return struct.pack("<4Q2I", node.number, 0, 0, 0, 0, 0) + _attributes(node)


def _name(payload: bytes) -> str:
    return payload.split(b"\0", 1)[0].decode()


class FuseCalls:
    """Answers calls: (opcode, node id, arguments) → the reply's struct, or :class:`Refused`."""

    def __init__(self, disk: ForgetfulDisk) -> None:
        self._disk = disk
        self._calls: dict[int, Callable[[int, bytes], bytes]] = {
            1: self._lookup,
            3: self._getattr,
            4: self._setattr,
            9: self._mkdir,
            10: self._unlink,
            12: self._rename,
            14: lambda _node, _arguments: bytes(_OPEN_BYTES),
            15: self._read,
            16: self._write,
            17: self._statfs,
            18: lambda _node, _arguments: b"",  # release
            20: self._fsync,
            25: lambda _node, _arguments: b"",  # flush
            26: self._init,
            27: lambda _node, _arguments: bytes(_OPEN_BYTES),  # opendir
            28: self._readdir,
            29: lambda _node, _arguments: b"",  # releasedir
            30: self._fsync,
            35: self._create,
            38: lambda _node, _arguments: b"",  # destroy
            45: lambda node, arguments: self._rename(node, arguments[:8] + arguments[16:]),
        }

    def answer(self, opcode: int, node: int, arguments: bytes) -> bytes:
        """Carry out one call. Everything fails once the power is off."""
        if self._disk.is_dead:
            raise Refused(errno.EIO)
        call = self._calls.get(opcode)
        if call is None:
            raise Refused(errno.ENOSYS)
        return call(node, arguments)

    def _file(self, node: int) -> File:
        found = self._disk.nodes[node]
        if not isinstance(found, File):
            raise Refused(errno.EISDIR)
        return found

    def _directory(self, node: int) -> Directory:
        found = self._disk.nodes[node]
        if not isinstance(found, Directory):
            raise Refused(errno.ENOTDIR)
        return found

    def _init(self, _node: int, arguments: bytes) -> bytes:
        _, _, read_ahead, _ = struct.unpack_from("<4I", arguments)
        head = struct.pack("<4I2H2I", 7, 31, read_ahead, _BIG_WRITES, 8, 8, MAX_WRITE, 1)
        return head.ljust(64, b"\0")

    def _lookup(self, node: int, arguments: bytes) -> bytes:
        found = self._directory(node).entries.get(_name(arguments))
        if found is None:
            raise Refused(errno.ENOENT)
        return _entry(found)

    def _getattr(self, node: int, _arguments: bytes) -> bytes:
        return bytes(16) + _attributes(self._disk.nodes[node])

    def _setattr(self, node: int, arguments: bytes) -> bytes:
        valid, _, _, size = struct.unpack_from("<2I2Q", arguments)
        if valid & _SIZE_VALID:
            self._file(node).truncate(size)
        if valid & _MODE_VALID:
            (mode,) = struct.unpack_from("<I", arguments, 68)
            self._disk.nodes[node].mode = mode
        return self._getattr(node, b"")

    def _mkdir(self, node: int, arguments: bytes) -> bytes:
        (mode,) = struct.unpack_from("<I", arguments)
        parent = self._directory(node)
        return _entry(self._disk.new_directory(parent, _name(arguments[8:]), mode))

    def _create(self, node: int, arguments: bytes) -> bytes:
        _, mode = struct.unpack_from("<2I", arguments)
        made = self._disk.new_file(self._directory(node), _name(arguments[16:]), mode)
        return _entry(made) + bytes(_OPEN_BYTES)

    def _unlink(self, node: int, arguments: bytes) -> bytes:
        self._directory(node).change({_name(arguments): None})
        return b""

    def _rename(self, node: int, arguments: bytes) -> bytes:
        (target,) = struct.unpack_from("<Q", arguments)
        if target != node:
            raise Refused(errno.EXDEV)
        old, new = (name.decode() for name in arguments[8:].split(b"\0")[:2])
        directory = self._directory(node)
        directory.change({old: None, new: directory.entries[old]})
        return b""

    def _read(self, node: int, arguments: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<2QI", arguments)
        return bytes(self._file(node).data[offset : offset + size])

    def _write(self, node: int, arguments: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<2QI", arguments)
        self._file(node).write(offset, arguments[40 : 40 + size])
        return struct.pack("<2I", size, 0)

    def _fsync(self, node: int, _arguments: bytes) -> bytes:
        if not self._disk.sync(self._disk.nodes[node]):
            raise Refused(errno.EIO)
        return b""

    def _readdir(self, node: int, arguments: bytes) -> bytes:
        _, offset, size = struct.unpack_from("<2QI", arguments)
        listed = b""
        for place, (name, found) in enumerate(self._directory(node).entries.items(), 1):
            raw = name.encode()
            head = struct.pack("<2Q2I", found.number, place, len(raw), found.mode >> 12)
            entry = head + raw.ljust((len(raw) + 7) // 8 * 8, b"\0")
            if place > offset and len(listed) + len(entry) <= size:
                listed += entry
        return listed

    def _statfs(self, _node: int, _arguments: bytes) -> bytes:
        free = (_BLOCKS, _BLOCKS, _BLOCKS)
        return struct.pack("<5Q10I", *free, _BLOCKS, _BLOCKS, 4096, 255, 4096, *(0,) * 7)
