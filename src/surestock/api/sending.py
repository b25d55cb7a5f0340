"""How answers leave: in one piece, in chunks, or as a stream that goes on while somebody reads."""

from contextlib import aclosing

import anyio

from surestock.api.access import check_still_valid
from surestock.api.answer import Answer, Chunks
from surestock.api.call import Call, Message, Scope, Send
from surestock.api.errors import ClientGone, Unauthorized
from surestock.api.presence import cancel_when_gone

WHOLE_ANSWER = "surestock.whole_answer"
"""An ASGI extension: a function that sends status, headers and body at once, or returns False."""

ABORT = "surestock.abort"
"""An ASGI extension: a function that drops the connection, and what was not sent with it."""

PROGRESS = "surestock.progress"
"""An ASGI extension: a function that tells that a stream comes on, so that it may go on."""

_NONE: Scope = {}
_WITHOUT_BODY = (204, 304)


async def send_whole(answer: Answer, scope: Scope, send: Send) -> None:
    """Send an answer that is there in one piece."""
    headers = answer.headers
    body = answer.body
    if answer.status not in _WITHOUT_BODY:
        headers.append((b"content-length", b"%d" % len(body)))
    at_once = scope.get("extensions", _NONE).get(WHOLE_ANSWER)
    if at_once is not None and at_once(answer.status, headers, body):
        return
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if scope["method"] == "HEAD":
        body = b""
    await send({"type": "http.response.body", "body": body})


async def send_chunks(answer: Answer, chunks: Chunks, scope: Scope, send: Send) -> None:
    """Send the chunks as they come, each once the one before was taken; then close them."""
    async with aclosing(chunks):
        await send(
            {"type": "http.response.start", "status": answer.status, "headers": answer.headers}
        )
        if scope["method"] != "HEAD":
            async for chunk in chunks:
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})


async def send_endless(answer: Answer, chunks: Chunks, call: Call, send: Send) -> None:
    """Send chunks until they end, the client hangs up, or it does not take one in time.

    Raises :class:`ClientGone` in the last two cases, and when its key is revoked. A client that
    takes nothing is cut off: if its connection were closed, what it has not taken would be kept
    for it.
    """
    patience_s = answer.patience_s

    async def send_in_time(message: Message) -> None:
        try:
            check_still_valid(call)
        except Unauthorized:
            _abort(call.scope)
            raise ClientGone from None
        with anyio.move_on_after(patience_s) as waiting:
            await send(message)
        if waiting.cancelled_caught:
            call.service.metrics.slow_readers += 1
            _abort(call.scope)
            raise ClientGone

    finished = False
    failure: Exception | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancel_when_gone, call, tasks.cancel_scope)
        try:
            await send_chunks(answer, chunks, call.scope, send_in_time)
            finished = True
        except Exception as error:  # noqa: BLE001 - a task group would wrap it
            failure = error
        tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure
    if not finished:
        raise ClientGone


def tell_progress(scope: Scope) -> None:
    """Tell the server that a part of a stream has come and was answered."""
    progress = scope.get("extensions", _NONE).get(PROGRESS)
    if progress is not None:
        progress()


def _abort(scope: Scope) -> None:
    abort = scope.get("extensions", _NONE).get(ABORT)
    if abort is not None:
        abort()
