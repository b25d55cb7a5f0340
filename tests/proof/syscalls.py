"""Which system calls a server makes on its data directory, and how to make one of them fatal.

strace counts the calls of each thread by itself, so that an injection hits the first thread that
makes its k-th such call. It is therefore aimed at one path: on a segment only the writer's thread
works. Where two threads make the same call on one path, the k-th of both is one point.
Calls on a socket have no path; the threads that make them are told apart by their counts alone.
Injections do without ``--seccomp-bpf``: with it, strace 6.1 loses count after the first call.
"""

import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHANGING = (
    "mkdir,mkdirat,openat,creat,write,pwrite64,pwritev,fdatasync,fsync,sync_file_range,"
    "ftruncate,truncate,fallocate,rename,renameat,renameat2,unlink,unlinkat,link,linkat"
)
READING = "read,pread64,preadv,flock"
TALKING = "bind,listen,accept4,recvfrom,sendto,recvmsg,sendmsg"
_CALL = re.compile(r"^(\d+) +(\w+)\((.*)$")
_TALKING = frozenset(TALKING.split(","))
# What a thread sends to wake its own event loop: it counts, but is no step of its own.
_WAKES = re.compile(r'"\\0", |EAGAIN|<unfinished')
_CREATES = re.compile(r"O_CREAT|O_TRUNC|O_TMPFILE")
_PATH = re.compile(r'<([^<>]+)>|"([^"]+)"')


@dataclass(frozen=True, order=True, slots=True)
class CrashPoint:
    """The ``nth`` call of ``name`` on ``path`` (relative to the data directory's parent).

    Without a path it is the ``nth`` of its thread.
    """

    path: str
    name: str
    nth: int

    def kill(self, root: Path) -> list[str]:
        """Return what to put before a command, so that it dies on entry to this call."""
        return self._inject(root, "signal=SIGKILL")

    def fail(self, root: Path) -> list[str]:
        """Return what to put before a command, so that this call returns EIO."""
        return self._inject(root, "error=EIO")

    def _inject(self, root: Path, effect: str) -> list[str]:
        rule = f"inject={self.name}:{effect}:when={self.nth}"
        trace = str(root / "injected")
        on_path = ["-P", str(root / self.path)] if self.path else []
        return [*_strace(), "-o", trace, *on_path, "-e", rule]


def record(trace: Path, calls: str = CHANGING) -> list[str]:
    """Return what to put before a command, so that its ``calls`` are written to ``trace``."""
    return [
        *_strace(),
        "--seccomp-bpf",
        "-y",
        "-s",
        "4096",
        "-o",
        str(trace),
        "-e",
        f"trace={calls}",
    ]


def crash_points(trace: Path, root: Path, folder: str) -> list[CrashPoint]:
    """Return the recorded calls on ``root/folder`` and below, in the order they were made.

    Those on sockets are among them, if they were recorded.
    """
    counted: Counter[tuple[str, str, str]] = Counter()
    points: dict[CrashPoint, None] = {}
    for thread, name, path, is_wake in _calls(trace.read_text(errors="replace").splitlines()):
        if path is None or path.is_relative_to(root / folder):
            relative = "" if path is None else str(path.relative_to(root))
            counted[thread, relative, name] += 1
            if not is_wake:
                points[CrashPoint(relative, name, counted[thread, relative, name])] = None
    return list(points)


def _calls(lines: Iterable[str]) -> Iterable[tuple[str, str, Path | None, bool]]:
    for line in lines:
        call = _CALL.match(line)
        if call is not None and call[2] in _TALKING:
            yield call[1], call[2], None, _WAKES.search(call[3]) is not None
        elif call is not None and (call[2] != "openat" or _CREATES.search(call[3])):
            found = _PATH.findall(call[3])
            named = [name for _, name in found if name.startswith("/")]
            opened = [path for path, _ in found if path.startswith("/")]
            if named or opened:
                yield call[1], call[2], Path((named or opened)[0]), False


def _strace() -> list[str]:
    return [shutil.which("strace") or "strace", "-f", "-qqq"]


def why_unavailable() -> str | None:
    """Return why processes can't be traced here, in words for a skip; None when they can."""
    if shutil.which("strace") is None:
        return "this proof needs strace, which is not installed"
    tried = subprocess.run(
        [*_strace(), "-o", "/dev/null", "true"], capture_output=True, text=True, check=False
    )
    if tried.returncode != 0:
        return f"this proof needs ptrace, which is refused here: {tried.stderr.strip()[:100]}"
    return None
