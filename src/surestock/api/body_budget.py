"""The memory that large bodies share: what is small is bounded by the number of connections."""

from surestock.inventory.unavailable import Overloaded

SMALL_BODY_BYTES = 8 * 1024
MOST_BYTES = 32 * 1024 * 1024
_OF_ONE_CLIENT = 0.5


class BodyBudget:
    """Counts the bytes of bodies that are held now. No client may take more than half of them."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self._left = most_bytes
        self._share = int(_OF_ONE_CLIENT * most_bytes)
        self._of_client: dict[str, int] = {}

    def take(self, client: str, size: int) -> None:
        """Take room for ``size`` bytes. Raises :class:`Overloaded` when it is not there."""
        held = self._of_client.get(client, 0) + size
        if size > self._left or held > self._share:
            raise Overloaded("Too many large bodies are being sent. Try again in a moment.")
        self._left -= size
        self._of_client[client] = held

    def give(self, client: str, size: int) -> None:
        """Give room back."""
        self._left += size
        held = self._of_client[client] - size
        if held:
            self._of_client[client] = held
        else:
            del self._of_client[client]
