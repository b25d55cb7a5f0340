"""The endless form of a batch: NDJSON in, NDJSON out, row by row, nothing held back."""

from collections.abc import AsyncGenerator

import anyio
from pydantic import TypeAdapter, ValidationError

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
from surestock.api.errors import BodyTooLarge, RequestError, ValidationFailed
from surestock.api.faults import faults_of
from surestock.api.json_body import body_fault, parse_json
from surestock.api.schemas import batch as schema
from surestock.api.sending import tell_progress

_ROW: TypeAdapter[Row] = TypeAdapter(schema.Row)


async def answer_lines(call: Call) -> AsyncGenerator[bytes, None]:
    """Yield the answers to the body's rows, some at a time, each with the number of its line."""
    service = call.service
    async for lines in arriving(call):
        checked = [(number, _check(line)) for number, line in lines]
        rows = [row for _, row in checked if not isinstance(row, RequestError)]
        envelopes = envelopes_of(call, rows, [command_of(row) for row in rows])
        async with service.batches:
            answers = iter(await transact_allowed(call, envelopes))
        parts: list[bytes] = []
        for number, row in checked:
            if isinstance(row, RequestError):
                shown = show_problem(row, service.metrics)
            else:
                shown = show(next(answers), service.metrics)
            parts.append(b'{"line":%d,%b\n' % (number, shown[1:]))
        yield b"".join(parts)
        tell_progress(call.scope)
        # A stream is slowed down to its client's rate, where a request would be refused.
        await anyio.sleep(service.admission.charge(call.limited_as, 1 + len(rows)))


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
