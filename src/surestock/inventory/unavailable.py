"""Why a command was not carried out now. Nothing was decided; trying again may succeed."""

from surestock.kit.errors import Unavailable


class Overloaded(Unavailable):
    """More commands wait than may wait."""

    def __init__(self) -> None:
        super().__init__("Too many commands are waiting. Try again in a moment.")


class ReadOnly(Unavailable):
    """The log cannot be written, so nothing may change; reads go on."""

    def __init__(self) -> None:
        super().__init__("Changes cannot be recorded now, so only reads are answered.")


class ShuttingDown(Unavailable):
    """The service is about to stop and takes on nothing new."""

    def __init__(self) -> None:
        super().__init__("The service is shutting down and takes on no new commands.")


class CentralBehind(Unavailable):
    """The central view does not know what was asked of it yet, or nobody keeps it now."""
