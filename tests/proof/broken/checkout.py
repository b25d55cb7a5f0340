"""The checkout, broken: placed with no record before, or by whoever comes, at whatever process."""

from typing import Any

from msgspec.structs import replace

from surestock.checkout import saga
from surestock.locking import ByteLocks


def no_announcement() -> None:
    """Where the order is placed is known in memory only."""

    async def announce(_: Any, checkout: Any, context: Any) -> Any:
        return replace(checkout, attempt=replace(checkout.attempt, context=context))

    vars(saga)["announce"] = announce


def everybodys_turn() -> None:
    """A user's turn in one process keeps nobody in another one from it."""

    def try_lock(self: Any, key: str) -> bool:
        del self, key
        return True

    def unlock(self: Any, key: str) -> None:
        del self, key

    setattr(ByteLocks, "try_lock", try_lock)  # noqa: B010 - it is not there to be replaced
    setattr(ByteLocks, "unlock", unlock)  # noqa: B010 - likewise
