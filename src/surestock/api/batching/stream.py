"""The endless form of a batch: NDJSON in, NDJSON out, row by row, nothing held back."""

from collections.abc import AsyncGenerator
from functools import partial

import anyio
from pydantic import TypeAdapter, ValidationError

from surestock.api.access import check_still_valid
from surestock.api.batching.lines import MOST_LINE_BYTES, arriving
from surestock.api.batching.rows import (
    Row,
    command_of,
    envelopes_of,
    show,
    show_problem,
    transact_allowed,
)
from surestock.api.call import Call
from surestock.api.errors import BodyTooLarge, RequestError, Unauthorized, ValidationFailed
from surestock.api.faults import faults_of
from surestock.api.json_body import body_fault, parse_json
from surestock.api.schemas import batch as schema
from surestock.api.sending import tell_progress
from surestock.inventory.unavailable import ShuttingDown

_PAUSE_S = 10.0
_ROW: TypeAdapter[Row] = TypeAdapter(schema.Row)


async def answer_lines(call: Call) -> AsyncGenerator[bytes, None]:
    """Yield the answers to the body's rows, some at a time, each with the number of its line.

    A stream that is ended from here says so in its last line, under the number of the first one
    that was not carried out.
    """
    last = 0
    try:
        async for lines in arriving(call):
            await _pay(call, len(lines))
            check_still_valid(call)
            yield await _answer(call, lines)
            last = lines[-1][0]
            tell_progress(call.scope)
    except (ShuttingDown, Unauthorized) as error:
        yield _numbered(last + 1, show_problem(error, call.service))


async def _pay(call: Call, lines: int) -> None:
    """Slow a stream down to its client's rate, where a request would be refused."""
    service = call.service
    left_s = service.admission.charge(call.limited_as, 1 + lines)
    while left_s > 0:
        # The client waits for this side, which does not count against it.
        pause_s = min(left_s, _PAUSE_S)
        await service.streams.wait(partial(anyio.sleep, pause_s))
        tell_progress(call.scope)
        left_s -= pause_s


async def _answer(call: Call, lines: list[tuple[int, bytes | None]]) -> bytes:
    service = call.service
    checked = [(number, _check(line)) for number, line in lines]
    rows = [row for _, row in checked if not isinstance(row, RequestError)]
    envelopes = envelopes_of(call, rows, [command_of(row) for row in rows])
    async with service.batches:
        answers = iter(await transact_allowed(call, envelopes))
    parts: list[bytes] = []
    for number, row in checked:
        if isinstance(row, RequestError):
            parts.append(_numbered(number, show_problem(row, service)))
        else:
            parts.append(_numbered(number, show(next(answers), service)))
    return b"".join(parts)


def _numbered(number: int, shown: bytes) -> bytes:
    return b'{"line":%d,%b\n' % (number, shown[1:])


def _check(line: bytes | None) -> Row | RequestError:
    if line is None:
        return BodyTooLarge("line", MOST_LINE_BYTES)
    try:
        value = parse_json(line)
    except ValueError as error:
        return ValidationFailed(body_fault(error))
    try:
        return _ROW.validate_python(value)
    except ValidationError as error:
        return ValidationFailed(*faults_of(error, "body", tagged=True))
