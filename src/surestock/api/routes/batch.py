"""Many operations in one request: a JSON document of up to 1,000, or NDJSON without an end."""

from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter

from surestock.access.scope import Scope
from surestock.api.access import needs
from surestock.api.answer import JSON, NDJSON, Answer
from surestock.api.batching.rows import (
    command_of,
    envelopes_of,
    name_batch,
    show,
    transact_allowed,
)
from surestock.api.batching.stream import answer_lines
from surestock.api.body import parse_model, read_bytes
from surestock.api.call import Call
from surestock.api.documented import answers, errors
from surestock.api.errors import Fault, UnsupportedMediaType, ValidationFailed
from surestock.api.request_headers import Keyed
from surestock.api.route import CheckedRoute
from surestock.api.schemas.batch import BatchBody
from surestock.api.schemas.operation_answers import BatchResult
from surestock.ledger.port import Outcome
from surestock.resilience.bulkhead import Worth

routes = APIRouter(route_class=CheckedRoute, tags=["inventory"])

_NDJSON_TYPE = b"application/x-ndjson"
_ROWS = {"schema": {"type": "string", "description": "One row a line."}}
_REF = {"schema": {"$ref": "#/components/schemas/BatchBody"}}


@routes.post(
    "/inventory/batch",
    summary="Carry out many operations, each for itself",
    response_model=BatchResult,
    responses=errors(400, 409, 413, 415, 429, 503)
    | {
        200: {
            **answers(200, said="One answer a row, in order.", mutation=True)[200],
            "content": {"application/x-ndjson": _ROWS},
        }
    },
    openapi_extra=needs(Scope.INVENTORY_WRITE)
    | {
        "requestBody": {
            "required": True,
            "content": {"application/json": _REF, "application/x-ndjson": _ROWS},
        }
    },
)
async def batch(call: Keyed) -> Answer:
    """Each row gets a status of its own, and no row waits for another to succeed.

    In the JSON form, anything malformed refuses the whole batch. In the NDJSON form a malformed
    row is answered by itself, answers carry the number of their line, and they come while the rows
    are sent: read while you write.
    """
    given = call.headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if given == _NDJSON_TYPE:
        return await _stream(call)
    if given != b"application/json":
        raise UnsupportedMediaType("application/json or application/x-ndjson")
    return await _document(call)


async def _stream(call: Call) -> Answer:
    if call.idempotency_key is not None:
        raise ValidationFailed(
            Fault(
                "header", "/Idempotency-Key", "cannot name an endless batch; give each row its own"
            )
        )
    if b"content-encoding" in call.headers:
        raise UnsupportedMediaType("application/x-ndjson")
    async with _admitted(call):
        pass  # its rows come later, and wait their turn at the bulkhead of batches
    return Answer(200, b"", [NDJSON], answer_lines(call))


async def _document(call: Call) -> Answer:
    body = await read_bytes(call)
    # It is admitted before its form is checked: what waits is bytes, which are far smaller.
    async with _admitted(call), call.service.batches:
        return await _carry_out(call, body)


def _admitted(call: Call) -> AbstractAsyncContextManager[None]:
    call.limit_headers = []
    return call.service.admission.place(call.limited_as, Worth.ROUTINE, call.limit_headers)


async def _carry_out(call: Call, body: bytes) -> Answer:
    rows = parse_model(body, BatchBody).operations
    service = call.service
    service.admission.charge(call.limited_as, len(rows))
    commands = [command_of(row) for row in rows]
    key = name_batch(call, rows, commands)
    if key is not None:
        await service.engine.check_batch(key)
    outcomes = await transact_allowed(call, envelopes_of(call, rows, commands, key))
    results = b",".join([show(outcome, service) for outcome in outcomes])
    committed = [outcome for outcome in outcomes if isinstance(outcome, Outcome)]
    headers = [JSON]
    if committed:
        last = max(outcome.sequence for outcome in committed)
        headers.append((b"x-commit-sequence", b"%d" % last))
    if key is not None and committed and all(outcome.replayed for outcome in committed):
        headers.append((b"idempotent-replayed", b"true"))
    return Answer(200, b'{"results":[%b]}' % results, headers)
