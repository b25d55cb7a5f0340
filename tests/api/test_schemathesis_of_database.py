"""The application on a database against its own document: what is in memory alone cannot fail so.

Its engine lives on one event loop; the client under the generated requests makes one for each.
"""

import asyncio
from collections.abc import Awaitable, Coroutine, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

import pytest
import schemathesis
from hypothesis import settings
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from surestock.kit.clock import ManualClock
from tests.api.engines import open_engine
from tests.api.test_schemathesis import SERVED, ask, guarded, schema, stock
from tests.real.loop_thread import LoopThread, loop_thread

_EXAMPLES = 20
_ENOUGH_S = 60
T = TypeVar("T")


def _there(loop: asyncio.AbstractEventLoop, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
    """Run a coroutine on another loop, and wait for it on this one."""
    return asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))


class OnThread:
    """An application that runs on a loop of its own, whatever loop asks it."""

    def __init__(self, app: ASGIApp, thread: LoopThread) -> None:
        self._app = app
        self._thread = thread

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of another loop."""
        asking = asyncio.get_running_loop()

        async def received(it: Awaitable[Message]) -> Message:
            return await it

        async def sent(it: Awaitable[None]) -> None:
            await it

        async def receive_from() -> Message:
            return await _there(asking, received(receive()))

        async def send_to(message: Message) -> None:
            await _there(asking, sent(send(message)))

        await asyncio.wrap_future(self._thread.begin(self._run(scope, receive_from, send_to)))

    async def _run(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._app(scope, receive, send)


@pytest.fixture(scope="module")
def on_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let the application be asked that keeps everything in PostgreSQL."""
    with loop_thread() as thread:
        ready: Future[ASGIApp] = Future()
        loops: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []

        async def serve() -> None:
            ended = asyncio.Event()
            loops.append((asyncio.get_running_loop(), ended))
            try:
                await _serve(tmp_path_factory.mktemp("data"), ready, ended)
            except BaseException as error:
                if not ready.done():
                    ready.set_exception(error)
                raise

        serving = thread.begin(serve())
        before = SERVED.app
        SERVED.app = OnThread(ready.result(_ENOUGH_S), thread)
        yield
        SERVED.app = before
        loop, ended = loops[0]
        loop.call_soon_threadsafe(ended.set)
        serving.result(_ENOUGH_S)


async def _serve(directory: Path, ready: "Future[ASGIApp]", ended: asyncio.Event) -> None:
    clock = ManualClock()
    async with open_engine("postgres 18", directory, clock) as (engine, central):
        api = guarded(engine, clock, central)
        await stock(api)
        ready.set_result(api.app)
        await ended.wait()


@pytest.mark.prove
@pytest.mark.usefixtures("on_database")
@schema.parametrize()
@settings(max_examples=_EXAMPLES)
def test_every_answer_from_a_database_is_as_documented(case: schemathesis.Case[Any]) -> None:
    ask(case)
