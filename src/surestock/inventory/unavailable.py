"""Why a command was not carried out now. Nothing was decided; trying again may succeed."""

from surestock.kit.errors import Unavailable


class Overloaded(Unavailable):
    """More commands wait, or more readers follow the events, than may at once."""

    def __init__(
        self,
        message: str = "Too many commands are waiting. Try again in a moment.",
        retry_after_s: int = 1,
    ) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ReadOnly(Unavailable):
    """The log cannot be written, so nothing may change; reads go on."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("Changes cannot be recorded now, so only reads are answered.")
        self.retry_after_s = retry_after_s


class CircuitOpen(Unavailable):
    """What would have to answer has failed several times running, and is left alone for a while."""

    def __init__(self, what: str, retry_after_s: int) -> None:
        super().__init__(f"{what} It is asked again in {retry_after_s} s.")
        self.retry_after_s = retry_after_s


class ShuttingDown(Unavailable):
    """The service is about to stop and takes on nothing new."""

    def __init__(self) -> None:
        super().__init__("The service is shutting down and takes on nothing new.")


class LockHeld(Unavailable):
    """Another process is changing the same thing. ``key`` is its lease's, ``holder`` its owner."""

    def __init__(self, key: str, holder: str, retry_after_s: int) -> None:
        super().__init__(f"Another process is changing {key} now. Try again in a moment.")
        self.key = key
        self.holder = holder
        self.retry_after_s = retry_after_s


class LockLost(Unavailable):
    """This process was held up for so long that another one took its lease over."""

    def __init__(self, key: str) -> None:
        super().__init__(
            f"The lease on {key} ran out before the change was decided, so nothing was changed. "
            "Try again."
        )
        self.key = key


class CentralBehind(Unavailable):
    """The central view does not know what was asked of it yet, or nobody keeps it now."""


class Unreadable(Unavailable):
    """What is asked about left memory, and cannot be found on disk now."""

    def __init__(self) -> None:
        super().__init__(
            "What is known of this cannot be read from the disk now, so nothing was done. "
            "Try again in a few minutes."
        )
        self.retry_after_s = 60


class DatabaseUnavailable(Unavailable):
    """The database that everything stands in does not answer, so nothing was read or changed."""

    def __init__(self, retry_after_s: int = 1) -> None:
        super().__init__("The database does not answer now, so nothing was read or changed.")
        self.retry_after_s = retry_after_s


class TurnLost(Unavailable):
    """The turn of a user passed on before what it was for had come to its end."""

    def __init__(self, user_id: str) -> None:
        super().__init__(
            f"The database ended this process's turn of user {user_id}, so it did nothing more. "
            "What was begun is brought to its end by itself. Try again."
        )
        self.user_id = user_id


class OutcomeUnknown(Unavailable):
    """The change was about to be committed when the database was lost: it may have happened."""

    def __init__(self) -> None:
        super().__init__(
            "The database was lost while the change was being committed, so nobody knows yet "
            "whether it happened. Ask again with the same Idempotency-Key, or read what it was "
            "about before you repeat it."
        )
