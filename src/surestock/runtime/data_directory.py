"""The data directory: whether it can be used, and where in it the sync worker meets the others."""

from pathlib import Path
from tempfile import TemporaryFile

from surestock.kit.files import make_directory
from surestock.runtime.errors import StartRefused


def check_writable(data_dir: Path) -> None:
    """Make the data directory, and a file in it. Raises :class:`StartRefused` when that fails."""
    try:
        make_directory(data_dir)
        with TemporaryFile(dir=data_dir):
            pass
    except OSError as error:
        raise StartRefused(
            f"DATA_DIR={data_dir} cannot be written: {error.strerror or error}."
        ) from error


def worker_directory(data_dir: Path) -> Path:
    """Return where the worker's hold and its socket are."""
    return data_dir / "worker"


def metrics_folder(data_dir: Path, port: int) -> Path:
    """Return where the API processes that share ``port`` tell each other what they counted."""
    return worker_directory(data_dir) / "metrics" / str(port)
