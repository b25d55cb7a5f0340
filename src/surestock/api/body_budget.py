"""The memory that large bodies share: what is small is bounded by the number of connections."""

from surestock.inventory.unavailable import Overloaded

SMALL_BODY_BYTES = 64 * 1024
MOST_BYTES = 32 * 1024 * 1024


class BodyBudget:
    """Counts the bytes of bodies that are held now, beyond their first ones."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes

    def take(self, size: int) -> None:
        """Take the room of ``size`` bytes. Raises :class:`Overloaded` when it is not there."""
        if size > self._left:
            raise Overloaded("Too many large bodies are being sent. Try again in a moment.")
        self._left -= size

    def give(self, size: int) -> None:
        """Give room back."""
        self._left += size
