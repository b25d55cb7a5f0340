"""What can be wrong with an idempotency key."""

from surestock.kit.errors import Refusal, Unavailable


class IdempotencyConflict(Refusal):
    """The key was used before, for another payload."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"Idempotency-Key {key!r} was used for another payload. Use a new key for a new "
            "command, or repeat the first payload unchanged."
        )


class IdempotencyInFlight(Unavailable):
    """The first command with this key is still running, and the wait for it is over."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The first request with Idempotency-Key {key!r} is still running. Ask again with "
            "the same key."
        )
