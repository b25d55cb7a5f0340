"""A batch's rows on their way to the engine and back."""

from collections.abc import Sequence

from surestock.api.access import check_stores, stores_of
from surestock.api.answer import encode
from surestock.api.call import Call
from surestock.api.errors import Fault, Forbidden, ValidationFailed
from surestock.api.mutation import name_try
from surestock.api.problems import problem_of
from surestock.api.schemas.batch import AdjustRow, CountRow, ReserveRow
from surestock.api.service import Service
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key, row_key
from surestock.inventory.commands import AdjustStock, CountStock, ReserveStock, StockCommand
from surestock.kit.errors import SurestockError
from surestock.ledger.port import Envelope, Outcome

Row = CountRow | AdjustRow | ReserveRow
_OK = 200
_CREATED = 201
_DOUBLY_NAMED = "cannot stand beside the header Idempotency-Key; name the batch or its rows"


def command_of(row: Row) -> StockCommand:
    """Return the command that a valid row stands for."""
    if isinstance(row, ReserveRow):
        return ReserveStock(
            row.store_id, row.sku, row.qty, row.expected_version, row.ttl_seconds, row.reference
        )
    if isinstance(row, AdjustRow):
        return AdjustStock(
            row.store_id, row.sku, row.delta, row.expected_version, row.reason, row.reference
        )
    return CountStock(row.store_id, row.sku, row.on_hand, row.expected_version, reason=row.reason)


def envelopes_of(
    call: Call,
    rows: Sequence[Row],
    commands: Sequence[StockCommand],
    batch: IdempotencyKey | None = None,
) -> list[Envelope]:
    """Return the rows as the engine takes them, each under a key of its own or the batch's.

    ``commands`` are what the rows stand for.
    """
    request_id = call.request_id
    method = call.scope["method"]
    path = call.path
    client = call.client
    envelopes = []
    for index, (row, command) in enumerate(zip(rows, commands, strict=True)):
        named = None
        if row.idempotency_key is not None:
            named = make_key(client, method, path, row.idempotency_key, fingerprint_of(command))
        elif batch is not None:
            named = row_key(batch, index)
        envelopes.append(Envelope(command, client, request_id, named))
    return envelopes


def name_batch(
    call: Call, rows: Sequence[Row], commands: Sequence[StockCommand]
) -> IdempotencyKey | None:
    """Return the key of the whole batch, bound to everything in it, or None without one.

    Raises :class:`ValidationFailed` when a row has a key of its own beside it: which of the two
    would tell a repeat?
    """
    key = call.idempotency_key
    if key is None:
        return None
    doubly_named = [
        Fault("body", f"/operations/{index}/idempotencyKey", _DOUBLY_NAMED)
        for index, row in enumerate(rows)
        if row.idempotency_key is not None
    ]
    if doubly_named:
        raise ValidationFailed(*doubly_named)
    return name_try(call, key, commands)


async def transact_allowed(
    call: Call, envelopes: Sequence[Envelope]
) -> Sequence[Outcome | SurestockError]:
    """Carry out the rows that are for stores of the client's key; the others are forbidden."""
    caller, engine = call.caller, call.service.engine
    if caller is None or caller.stores is None:
        return await engine.transact_each(envelopes)
    refused = [_refusal(call, envelope) for envelope in envelopes]
    allowed = [row for row, error in zip(envelopes, refused, strict=True) if error is None]
    answers = iter(await engine.transact_each(allowed))
    return [next(answers) if error is None else error for error in refused]


def _refusal(call: Call, envelope: Envelope) -> Forbidden | None:
    command = envelope.command
    assert isinstance(command, StockCommand)
    try:
        check_stores(call, stores_of(command))
    except Forbidden as error:
        return error
    return None


def show(answer: Outcome | SurestockError, service: Service) -> bytes:
    """Return the JSON members of one row's answer, with the braces."""
    metrics = service.metrics
    if isinstance(answer, Outcome):
        if answer.replayed:
            metrics.idempotent_hits += 1
        if answer.reply.created:
            metrics.count_row(_CREATED)
            return b'{"status":201,' + memoryview(answer.reply.body)[1:]
        metrics.count_row(_OK)
        return b'{"status":200,' + memoryview(answer.reply.body)[1:]
    return show_problem(answer, service)


def show_problem(error: SurestockError, service: Service) -> bytes:
    """Return the JSON of the problem that one row met."""
    problem = problem_of(error, service.lock_reject_status)
    service.metrics.count_row(problem["status"])
    return encode(problem)
