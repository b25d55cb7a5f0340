"""A bar on stderr that tells how many bytes of a file were worked through."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)


@contextmanager
def byte_progress(doing: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes the bytes done so far. Nothing is shown but on a terminal."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    shown = console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=not shown) as progress:
        task = progress.add_task(doing, total=max(size_bytes, 1))
        yield lambda done: progress.update(task, completed=done)
