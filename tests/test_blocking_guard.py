"""The guard against blocking calls bites in the event loop, and only there.

By itself blockbuster lets `os.fsync` and `os.fdatasync` pass, the very calls that must never run
in the loop. The sample stands in for a module of surestock that makes such a call.
"""

import asyncio
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError

import surestock

pytestmark = pytest.mark.usefixtures("no_blocking_calls")

_SAMPLE = Path(surestock.__file__).with_name("sample.py")


@pytest.fixture(params=["os.fsync(fd)", "os.fdatasync(fd)", "os.pwrite(fd, b'x', 0)"])
def disk_call(request: pytest.FixtureRequest) -> Callable[[int], object]:
    """Return a function that the guard takes for one of surestock's."""
    names: dict[str, Callable[[int], object]] = {}
    source = f"import os\ndef call(fd):\n    return {request.param}\n"
    exec(compile(source, _SAMPLE, "exec"), names)  # noqa: S102  (our own three lines, above)
    return names["call"]


@pytest.fixture
def descriptor(tmp_path: Path) -> Iterator[int]:
    with (tmp_path / "file").open("wb") as file:
        yield file.fileno()


async def test_a_disk_call_in_the_loop_is_caught(
    disk_call: Callable[[int], object], descriptor: int
) -> None:
    with pytest.raises(BlockingError):
        disk_call(descriptor)


async def test_the_same_call_in_a_thread_passes(
    disk_call: Callable[[int], object], descriptor: int
) -> None:
    assert await asyncio.to_thread(disk_call, descriptor) in {None, 1}


async def test_a_call_by_anybody_else_passes(descriptor: int) -> None:
    os.fsync(descriptor)


@pytest.mark.parametrize("file", ["coverage/collector.py", "surestock/sample.py"])
async def test_only_the_tool_that_measures_may_wait_for_a_lock(tmp_path: Path, file: str) -> None:
    lock = threading.Lock()
    lock.acquire()
    called_by_ours: dict[str, Callable[[Callable[[], object]], object]] = {}
    exec(compile("def run(call):\n    return call()\n", _SAMPLE, "exec"), called_by_ours)  # noqa: S102
    source = "def lock_data():\n    return lock.acquire(timeout=0.01)\n"
    names: dict[str, Any] = {"lock": lock}
    exec(compile(source, tmp_path / file, "exec"), names)  # noqa: S102
    if file.startswith("coverage"):
        assert called_by_ours["run"](names["lock_data"]) is False
    else:
        with pytest.raises(BlockingError):
            called_by_ours["run"](names["lock_data"])
