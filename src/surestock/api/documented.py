"""What every route's documentation has in common: the errors it can answer, and its headers."""

from typing import Any, TypeAlias

Responses: TypeAlias = dict[int | str, dict[str, Any]]

_SAID = {
    304: "The client's ETag still stands.",
    400: "The request is malformed.",
    401: "No valid API key was given.",
    402: "The payment was declined; nothing was bought.",
    403: "The key may not do this.",
    404: "There is no such thing.",
    406: "Accept excludes every form that there is.",
    409: "The state does not allow it; nothing was changed.",
    410: "The records were deleted; `after` tells from where on there are some.",
    413: "The body is too large.",
    415: "The body is of another type.",
    429: "Too many changes of this client; try again after Retry-After.",
    502: "The commerce platform failed; the cart is unharmed.",
    503: "Not now; try again after Retry-After.",
}
_PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
_ETAG = {"ETag": {"description": 'The version, as in "7".', "schema": {"type": "string"}}}
_REQUEST_ID = {"X-Request-Id": {"description": "The request's name.", "schema": {"type": "string"}}}
_RETRY_AFTER = {
    "Retry-After": {
        "description": "Whole seconds.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_LOCK_KEY = {
    "X-Lock-Key": {
        "description": "Of LockHeld and LockLost: what another process is changing, as "
        "berlin/apple-1kg; percent-encoded where it needs to be.",
        "schema": {"type": "string"},
    }
}
_LOCK_STATUS = (
    " Of these, LockHeld (another process is changing the same thing) has the status that"
    " LOCK_REJECT_STATUS says, 503 unless it is set."
)
_OUTCOME = (
    " OutcomeUnknown alone leaves open whether the change happened: the same request with the same"
    " Idempotency-Key finds out."
)
_COMMIT = {
    "X-Commit-Sequence": {
        "description": "The mutation's place in the log.",
        "schema": {"type": "integer", "minimum": 1},
    },
    "Idempotent-Replayed": {
        "description": "Present when this answer was given before.",
        "schema": {"type": "string", "enum": ["true"]},
    },
}
_LOCATION = {"Location": {"description": "Where the new thing is.", "schema": {"type": "string"}}}

_CONFLICT = 409
_NOT_NOW = 503
_LATER = {429, _NOT_NOW}

MUTATION_ERRORS = (400, 404, 409, 413, 415, 503)


def errors(*statuses: int) -> Responses:
    """Return the documentation of problems with these statuses."""
    documented: Responses = {
        status: {
            "description": _SAID[status],
            "content": _PROBLEM,
            "headers": {**_REQUEST_ID, **(_RETRY_AFTER if status in _LATER else {})},
        }
        for status in statuses
    }
    if _NOT_NOW in statuses and _CONFLICT in statuses:
        # It changes something: the state may be against it, and so may another process.
        documented[_NOT_NOW]["description"] += _LOCK_STATUS + _OUTCOME
        documented[_NOT_NOW]["headers"] |= _LOCK_KEY
    return documented


def answers(
    *statuses: int,
    said: str,
    model: Any = None,  # noqa: ANN401 - a type
    etag: bool = False,
    mutation: bool = False,
    location: bool = False,
    later: bool = False,
) -> Responses:
    """Return the documentation of successes with these statuses, alike but for the status."""
    headers = dict(_REQUEST_ID)
    if etag:
        headers |= _ETAG
    if mutation:
        headers |= _COMMIT
    if location:
        headers |= _LOCATION
    if later:
        headers |= _RETRY_AFTER
    described: dict[str, Any] = {"description": said, "headers": headers}
    if model is not None:
        described["model"] = model
    return {status: dict(described) for status in statuses}


def not_modified() -> Responses:
    """Return the documentation of an answer without a body."""
    return {304: {"description": _SAID[304], "headers": {**_REQUEST_ID, **_ETAG}}}
