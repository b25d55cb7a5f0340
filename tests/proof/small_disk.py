"""A disk of a few megabytes that can be filled up and emptied: a tmpfs with a ballast in it."""

import os
import shutil
import subprocess
from errno import ENOSPC
from pathlib import Path

_MEBIBYTES = 4
_PIECE = bytes(4096)


class SmallDisk:
    """A tmpfs, mounted at ``folder/mounted`` while it is open."""

    def __init__(self, folder: Path) -> None:
        self.mounted = folder / "mounted"
        self.mounted.mkdir(parents=True)
        self._ballast = self.mounted / "ballast"
        _run("mount", "-t", "tmpfs", "-o", f"size={_MEBIBYTES}m", "tmpfs", str(self.mounted))

    def fill(self, leave: int = 0) -> None:
        """Let the ballast take all the room there is, but for ``leave`` bytes."""
        fd = os.open(self._ballast, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while os.write(fd, _PIECE):
                pass
        except OSError as error:
            if error.errno != ENOSPC:
                raise
        finally:
            os.truncate(self._ballast, max(0, self._ballast.stat().st_size - leave))
            os.close(fd)

    def relieve(self) -> None:
        """Throw the ballast out."""
        self._ballast.unlink(missing_ok=True)

    @property
    def free(self) -> int:
        """How many bytes are free."""
        return shutil.disk_usage(self.mounted).free

    def close(self) -> None:
        """Take the disk away, whoever still looks at it."""
        _run("umount", "-l", str(self.mounted))


def why_unavailable(folder: Path) -> str | None:
    """Return why no such disk can be had here, in words for a skip; None when it can."""
    if os.geteuid() != 0:
        return "a disk that fills up needs root: it is a tmpfs that is mounted"
    for tool in ("mount", "umount"):
        if shutil.which(tool) is None:
            return f"a disk that fills up needs {tool}, which is not installed"
    try:
        SmallDisk(folder).close()
    except subprocess.CalledProcessError as error:
        return f"a disk that fills up needs mount, which is refused here: {error.stderr.strip()}"
    return None


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
