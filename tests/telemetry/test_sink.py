"""Log lines: in order, in batches, bounded, and never in the way of a request."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from surestock.telemetry.sink import LineSink


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    yield reader, writer
    for descriptor in (reader, writer):
        try:
            os.close(descriptor)
        except OSError:
            continue


async def test_lines_are_written_in_order_in_the_background(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        for number in range(100):
            sink.append(b"%d" % number)
            await anyio.lowlevel.checkpoint()
        await anyio.wait_readable(reader)
        tasks.cancel_scope.cancel()
    sink.flush()
    os.close(writer)
    with os.fdopen(os.dup(reader), "rb") as written:
        assert written.read().splitlines() == [b"%d" % number for number in range(100)]


def test_what_waits_is_written_at_the_end(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer)
    sink.append(b"one")
    sink.append(b"two")
    sink.flush()
    assert os.read(reader, 100) == b"one\ntwo\n"


def test_too_many_lines_are_dropped_and_the_next_batch_says_so(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer, most_waiting=2)
    for line in (b"one", b"two", b"three", b"four"):
        sink.append(line)
    sink.flush()
    written = os.read(reader, 1000).splitlines()
    assert written[:2] == [b"one", b"two"]
    assert b'"count":2' in written[2]
    sink.append(b"five")
    sink.flush()
    assert os.read(reader, 100) == b"five\n"


def test_lines_that_nobody_takes_are_counted_as_dropped(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    os.close(reader)
    sink = LineSink(writer)
    sink.append(b"one")
    sink.flush()
    assert sink.dropped == 1


async def test_a_reader_who_stalls_holds_nobody_up(
    pipe: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("surestock.telemetry.sink._LAST_LINES_S", 0.01)
    reader, writer = pipe
    sink = LineSink(writer)
    sink.append(b"x" * 1_000_000)  # more than a pipe holds
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await anyio.wait_readable(reader)
        tasks.cancel_scope.cancel()
    sink.append(b"last")
    sink.flush()
    os.close(reader)  # lets the thread go


def test_how_many_lines_were_lost_never_goes_down(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer, most_waiting=1)
    for line in (b"one", b"two", b"three"):
        sink.append(line)
    assert (sink.dropped, sink.lost) == (2, 2)
    sink.flush()
    assert (sink.dropped, sink.lost) == (0, 2)
    assert os.read(reader, 1000)


@pytest.fixture
async def strict_loop() -> AsyncIterator[None]:
    """A loop that raises when another thread touches it in a way that would not wake it."""
    loop = asyncio.get_running_loop()
    loop.set_debug(True)
    yield
    loop.set_debug(False)


@pytest.mark.usefixtures("strict_loop")
async def test_a_line_from_another_thread_wakes_the_loop(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await anyio.lowlevel.checkpoint()
        await anyio.to_thread.run_sync(sink.append, b"from a thread")
        await anyio.wait_readable(reader)
        tasks.cancel_scope.cancel()
    assert os.read(reader, 100) == b"from a thread\n"


async def test_lines_from_many_threads_all_arrive(pipe: tuple[int, int]) -> None:
    reader, writer = pipe
    sink = LineSink(writer)
    threads, lines = 8, 200

    def say(who: int) -> None:
        for number in range(lines):
            sink.append(b"%d %d" % (who, number))

    async with anyio.create_task_group() as running:
        running.start_soon(sink.run)
        await anyio.lowlevel.checkpoint()
        async with anyio.create_task_group() as talking:
            for who in range(threads):
                talking.start_soon(anyio.to_thread.run_sync, say, who)
        await anyio.lowlevel.checkpoint()
        running.cancel_scope.cancel()
    sink.flush()
    os.close(writer)
    with os.fdopen(os.dup(reader), "rb") as written:
        heard = sorted(written.read().splitlines())
    assert heard == sorted(b"%d %d" % (who, n) for who in range(threads) for n in range(lines))
