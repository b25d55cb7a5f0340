"""The outermost layer: every request gets an id, a route, an answer, a log line and a count.

Plain ASGI. Endpoints return an :class:`~surestock.api.answer.Answer` or raise; nothing else ever
sends. A refusal's traceback is dropped once it is answered: refusals are remembered for replays,
and a traceback would keep the whole request alive with them.
"""

from surestock.api.answer import Answer, Chunks
from surestock.api.call import Call, Receive, Scope, Send
from surestock.api.errors import ClientGone, InternalError
from surestock.api.headers import find_request_id
from surestock.api.paths import PathTree
from surestock.api.problems import code_of, is_known, problem_answer
from surestock.api.route import CheckedRoute
from surestock.api.sending import send_chunks, send_endless, send_whole
from surestock.api.service import Service
from surestock.kit.errors import SurestockError
from surestock.telemetry.trace import trace_id

_GONE = 499
_BROKEN = 500


class Gateway:
    """Serves the routes."""

    def __init__(self, routes: list[CheckedRoute], service: Service) -> None:
        self._service = service
        self._paths = PathTree(routes, service.metrics)
        self._unmatched = service.metrics.route("*", "unmatched")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await _answer_other(scope, receive, send)
            return
        service = self._service
        started = service.clock.monotonic()
        call = Call(service, scope, receive, "")
        call.request_id = request_id = (
            find_request_id(call.headers.get(b"x-request-id")) or service.request_ids.next()
        )
        stats = self._unmatched
        try:
            target, ids = self._paths.find(scope)
            stats = target.stats
            answer = await target.route.serve(call, ids)
        except Exception as error:  # noqa: BLE001 - the last place that can answer it
            answer = self._answer_error(error, call)
        finally:
            if call.body_bytes:
                service.bodies.give(call.limited_as, call.body_bytes)
        status = answer.status
        answer.headers.append((b"x-request-id", request_id.encode()))
        if call.limit_headers is not None:
            answer.headers += call.limit_headers
        if answer.patience_s is not None:
            # It may go on for days: what counts as its latency is the time until it began.
            stats.count(status, service.clock.monotonic() - started)
        if answer.chunks is not None:
            status = await self._send_stream(answer, answer.chunks, call, send)
        elif status != _GONE:
            await send_whole(answer, scope, send)
        seconds = service.clock.monotonic() - started
        if answer.patience_s is None:
            stats.count(status, seconds)
        trace = self._trace(call, stats.template, status, seconds)
        client = None if call.caller is None else call.client
        service.request_line.write(
            scope["method"], call.path, status, seconds, request_id, trace, client, call.error
        )

    def _trace(self, call: Call, route: str, status: int, seconds: float) -> str | None:
        """Tell whoever traces of the request; return its trace id, if it has one."""
        spans = self._service.spans
        if spans is None:
            return _trace_of(call)
        traceparent = call.headers.get(b"traceparent")
        return spans.record(call.scope["method"], route, status, seconds, traceparent)

    def _answer_error(self, error: Exception, call: Call) -> Answer:
        if not isinstance(error, SurestockError) or not is_known(error):
            self._log_defect(error, call)
            error = InternalError()
        call.error = code_of(error)
        instance = call.scope["raw_path"].decode("ascii", "replace")
        lock_status = self._service.lock_reject_status
        answer = problem_answer(error, instance, call.request_id, lock_status)
        error.__traceback__ = None
        return answer

    async def _send_stream(self, answer: Answer, chunks: Chunks, call: Call, send: Send) -> int:
        """Send the chunks as they come; return the status for the log.

        When one cannot be made, the answer is left without its end, and the server cuts the
        connection: the client must not take a part for the whole.
        """
        try:
            if answer.patience_s is None:
                await send_chunks(answer, chunks, call.scope, send)
            else:
                await send_endless(answer, chunks, call, send)
        except ClientGone:
            return _GONE
        except Exception as error:  # noqa: BLE001 - the last place that can tell
            self._log_defect(error, call)
            return _BROKEN
        return answer.status

    def _log_defect(self, error: Exception, call: Call) -> None:
        self._service.metrics.defects += 1
        self._service.log.error(
            "request failed",
            requestId=call.request_id,
            traceId=_trace_of(call),
            path=call.path,
            exc_info=error,
        )


def _trace_of(call: Call) -> str | None:
    traceparent = call.headers.get(b"traceparent")
    return None if traceparent is None else trace_id(traceparent)


async def _answer_other(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part in the server's lifespan, which nothing here needs; turn a websocket away."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
