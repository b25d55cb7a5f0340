"""From a valid request to the engine and back: a key's scope, and the condition on a version."""

from surestock.api.access import check_command
from surestock.api.answer import Answer, outcome_answer
from surestock.api.call import Call
from surestock.api.errors import Fault, ValidationFailed, WeakTag
from surestock.idempotency import IdempotencyKey, fingerprint_of, make_key
from surestock.inventory.model import StockKey
from surestock.inventory.refusals import NotFound
from surestock.ledger.command import Command
from surestock.ledger.port import Envelope, Outcome


async def carry_out(call: Call, command: Command) -> Answer:
    """Hand ``command`` to the engine under the request's key, and answer with the outcome."""
    return outcome_answer(await transact(call, command))


async def transact(call: Call, command: Command) -> Outcome:
    """Hand ``command`` to the engine under the request's key."""
    if call.caller is not None:
        await check_command(call, command)
    key = call.idempotency_key
    named = None if key is None else name_try(call, key, command)
    service = call.service
    outcome = await service.engine.transact(Envelope(command, call.client, call.request_id, named))
    if outcome.replayed:
        service.metrics.idempotent_hits += 1
    return outcome


def name_try(call: Call, key: str, payload: object) -> IdempotencyKey:
    """Bind a key to its scope (client, method, path) and to what is asked for."""
    return make_key(call.client, call.scope["method"], call.path, key, fingerprint_of(payload))


async def expected_version(call: Call, stock: StockKey, in_body: int | None) -> int | None:
    """Return the version that the client expects, by If-Match or by the body.

    Raises :class:`ValidationFailed` when the two differ, :class:`WeakTag` when If-Match cannot
    match (or ``NotFound``, which comes first, when there is nothing to match).
    """
    expected = stated_version(call, in_body)
    if expected is not None and has_weak_tag(call):
        level = await call.service.engine.find_level(stock)
        if level is None:
            raise NotFound(f"SKU {stock[1]} in store {stock[0]}")
        raise WeakTag(expected, level)
    return expected


def stated_version(call: Call, in_body: int | None) -> int | None:
    """Return the version that If-Match or the body states, or None when neither does.

    Raises :class:`ValidationFailed` when the two differ.
    """
    condition = call.if_match
    if condition is None or condition.version is None:
        return in_body
    if in_body is not None and in_body != condition.version:
        raise ValidationFailed(
            Fault("body", "/expectedVersion", "differs from the version in If-Match")
        )
    return condition.version


def has_weak_tag(call: Call) -> bool:
    """Tell whether If-Match holds a weak tag, which never matches."""
    return call.if_match is not None and call.if_match.weak
