"""How a check says that a platform is not as it should be.

Not by ``assert``: those vanish when Python optimizes, and then every platform would pass.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from surestock.commerce.errors import CommerceError

_E = TypeVar("_E", bound=CommerceError)


class Deviates(AssertionError):
    """The platform does otherwise than the port says."""


class NotApplicable(Exception):
    """The check is about something that this platform does not have. The message says what."""


class Raised(Generic[_E]):
    """Holds the error that came, once it has."""

    def __init__(self) -> None:
        self._error: _E | None = None

    @property
    def error(self) -> _E:
        """The error. Raises ``RuntimeError`` before it has come."""
        if self._error is None:
            raise RuntimeError("no error has come yet")
        return self._error

    def take(self, error: _E) -> None:
        """Keep the error."""
        self._error = error


def holds(fact: bool, sentence: str) -> None:  # noqa: FBT001 -- reads as "holds(a == b, ...)"
    """Raise :class:`Deviates` with the sentence, if the fact does not hold."""
    if not fact:
        raise Deviates(sentence)


def equals(got: object, wanted: object, what: str) -> None:
    """Raise :class:`Deviates` unless both are equal."""
    if got != wanted:
        raise Deviates(f"{what}: {got!r}, not {wanted!r}")


@contextmanager
def raises(kind: type[_E], when: str) -> Iterator[Raised[_E]]:
    """Raise :class:`Deviates` unless an error of this kind comes out of the block."""
    raised: Raised[_E] = Raised()
    try:
        yield raised
    except kind as error:
        raised.take(error)
    except CommerceError as error:
        raise Deviates(f"{when}: {type(error).__name__}, not {kind.__name__}") from error
    else:
        raise Deviates(f"{when}: no error, where {kind.__name__} is due")
