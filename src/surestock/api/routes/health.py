"""How the service is: for people, for probes, for dashboards."""

from fastapi import APIRouter

from surestock.access.scope import Scope
from surestock.api.accept import require
from surestock.api.access import needs
from surestock.api.answer import Answer, json_answer
from surestock.api.documented import answers, errors
from surestock.api.readiness import unready
from surestock.api.request_headers import Read
from surestock.api.route import CheckedRoute
from surestock.api.schemas.operation_answers import Counters, Healthy, Readiness
from surestock.ledger.port import EngineStatus
from surestock.telemetry.exposition import TEXT_TYPE

routes = APIRouter(route_class=CheckedRoute, tags=["operations"])

_JSON = "application/json"
_TEXT = "text/plain"
_UNREADY = 503


@routes.get(
    "/health",
    summary="Is it there?",
    response_model=Healthy,
    responses=answers(200, said="It is.") | errors(400),
)
async def health(call: Read) -> Answer:  # noqa: ARG001 - every endpoint takes the call
    """Return that the service answers."""
    return json_answer({"status": "ok"})


@routes.get(
    "/health/liveness",
    summary="Does the event loop turn?",
    response_model=Healthy,
    responses=answers(200, said="It does.") | errors(400),
)
async def liveness(call: Read) -> Answer:  # noqa: ARG001 - every endpoint takes the call
    """Return that the event loop turns; nothing else is checked."""
    return json_answer({"status": "ok"})


@routes.get(
    "/health/readiness",
    summary="Does it take on work?",
    response_model=Readiness,
    responses=answers(200, said="It does.")
    | answers(_UNREADY, said="It does not, and why.", model=Readiness)
    | errors(400),
)
async def readiness(call: Read) -> Answer:
    """Return whether mutations are taken on, if not, why, and what is amiss all the same."""
    status = call.service.engine.status()
    sync = call.service.central.status()
    admission = call.service.admission
    reasons = unready(call.service)
    ready = not status.read_only and not reasons
    metrics = call.service.metrics
    breakers = {
        metrics.breakers[0]: _store(status),
        "worker": sync.breaker,
        "commerce": metrics.breaker_states["commerce"],
    }
    if status.locks is not None:
        breakers["locks"] = status.locks
    return json_answer(
        {
            "ready": ready,
            "breakers": breakers,
            "queueDepth": status.queue_depth + admission.waiting,
            "mode": "read_only" if status.read_only else "read_write",
            "sync": {
                "alive": sync.alive,
                "appliedSequence": sync.applied_sequence,
                "lagEvents": sync.lag_events,
                "lagSeconds": sync.lag_seconds,
            },
            "reasons": reasons,
            "warnings": status.warnings,
        },
        200 if ready else _UNREADY,
    )


def _store(status: EngineStatus) -> str:
    """Return the state of the breaker on the log, or on the database.

    After a failed sync of the log it is open for good.
    """
    return "open" if status.read_only and status.breaker == "closed" else status.breaker


@routes.get(
    "/metrics",
    summary="Read the metrics",
    response_model=Counters,
    responses=errors(400, 406)
    | {
        200: {
            **answers(200, said="Prometheus's text; with Accept: application/json, counters.")[200],
            "content": {_TEXT: {"schema": {"type": "string"}}},
        }
    },
    openapi_extra=needs(Scope.OPS_READ),
)
async def metrics(call: Read) -> Answer:
    """Return every metric in Prometheus's text form, or a few counters as JSON."""
    exposition = call.service.exposition
    if require(call, _TEXT, _JSON) == _JSON:
        return json_answer(await exposition.counters())
    return Answer(200, await exposition.text(), [(b"content-type", TEXT_TYPE.encode())])
