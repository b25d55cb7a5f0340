"""Merge runs, so that a lookup asks few of them.

Runs are in tiers by their number of entries, each tier four times the one before. Four neighbours
of a tier become one run of the next, together with smaller ones that stand between them: so an
entry is written again once a tier. Merging streams: whatever the size of the runs, it holds some
pages of each and the new filter.
"""

from bisect import bisect_right
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

from surestock.kit.failpoints import hit
from surestock.kit.files import sync_directory
from surestock.sidecar.errors import Damaged, RunDamaged, delete_damaged, unheard
from surestock.sidecar.file import RunFile
from surestock.sidecar.head import Head
from surestock.sidecar.listing import list_runs, outermost, run_path
from surestock.sidecar.run import Run
from surestock.sidecar.write import TEMPORARY, RunWriter

_FAN_IN = 4
_SMALLEST_TIER = 4096

_Heads = list[tuple[Path, Head]]


def merge_runs(
    directory: Path, suffix: str, longest: timedelta | None, damaged: Damaged = unheard
) -> int:
    """Merge neighbours until no tier has four that may be merged; return how many merges it took.

    The newest records of the runs that are merged into one are at most ``longest`` apart (None: any
    time). Only runs without a gap between their ranges are merged. A damaged run is deleted, and
    ``damaged`` told. What a crash left is tidied up. Raises ``OSError``; then each entry is still
    in a run. Failpoints: those of a run that is written, and run.unlink.
    """
    _tidy(directory, suffix, damaged)
    merges = 0
    while chosen := _choose(_heads(directory, suffix, damaged), longest):
        try:
            _merge(directory, suffix, chosen)
        except RunDamaged as error:
            delete_damaged(error, damaged)
        else:
            merges += 1
    return merges


def _tidy(directory: Path, suffix: str, damaged: Damaged) -> None:
    """Remove what a crash left: halves of runs, and runs that a sound one contains."""
    for path in directory.glob(f"*{suffix}{TEMPORARY}"):
        hit("run.unlink")
        path.unlink()
    while True:
        listed = list_runs(directory, suffix)
        outer = outermost(listed)
        inner = [run for run in listed if run not in outer]
        if not inner:
            return
        try:
            for run in outer:
                Run.open(run.path).close()
        except RunDamaged as error:
            delete_damaged(error, damaged)
            continue
        _unlink(directory, [run.path for run in inner])


def _heads(directory: Path, suffix: str, damaged: Damaged) -> _Heads:
    heads = []
    for run in outermost(list_runs(directory, suffix)):
        try:
            with RunFile(run.path) as file:
                heads.append((run.path, file.head))
        except RunDamaged as error:
            delete_damaged(error, damaged)
    return heads


def _choose(heads: _Heads, longest: timedelta | None) -> _Heads:
    """Return the runs to merge next, or none: the lowest tier first, and in it the oldest."""
    for tier in sorted({_tier(head) for _, head in heads}):
        same: list[int] = []
        for index, (_, head) in enumerate(heads):
            if _tier(head) > tier or (index and heads[index - 1][1].last + 1 < head.first):
                same.clear()
            if _tier(head) != tier:
                continue
            same.append(index)
            chosen = heads[same[-_FAN_IN] : index + 1] if len(same) >= _FAN_IN else []
            if chosen and (longest is None or _span(chosen) <= longest):
                return chosen
    return []


def _tier(head: Head) -> int:
    return ((head.count // _SMALLEST_TIER).bit_length() + 1) // 2


def _span(heads: _Heads) -> timedelta:
    return max(head.newest for _, head in heads) - min(head.oldest for _, head in heads)


def _merge(directory: Path, suffix: str, heads: _Heads) -> None:
    first, last = heads[0][1].first, max(head.last for _, head in heads)
    merged = Head(
        first=first,
        last=last,
        oldest=min(head.oldest for _, head in heads),
        newest=max(head.newest for _, head in heads),
        count=sum(head.count for _, head in heads),
        filter_bytes=0,
        tail_crc=0,
    )
    with (
        ExitStack() as files,
        RunWriter(run_path(directory, first, last, suffix), merged) as writer,
    ):
        sources = [files.enter_context(RunFile(path)).entries() for path, _ in heads]
        for packed in _in_order(sources):
            writer.add(packed)
        writer.finish()
    _unlink(directory, [path for path, _ in heads])


def _in_order(sources: list[Iterator[list[bytes]]]) -> Iterator[list[bytes]]:
    """Yield the packed entries of all sources, each once, in order."""
    heads = [next(source, []) for source in sources]
    while any(heads):
        # Nothing that was not read yet comes before the least of the last that were read.
        bound = min(head[-1] for head in heads if head)
        ready: list[bytes] = []
        for index, head in enumerate(heads):
            cut = bisect_right(head, bound)
            ready += head[:cut]
            heads[index] = head[cut:] or next(sources[index], [])
        ready.sort()
        yield list(dict.fromkeys(ready))


def _unlink(directory: Path, paths: list[Path]) -> None:
    for path in paths:
        hit("run.unlink")
        path.unlink(missing_ok=True)
    sync_directory(directory)
