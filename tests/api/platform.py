"""What stands between the routes and the commerce platform, without either of them."""

from datetime import datetime

from surestock.cart.model import Cart, ExternalContext
from surestock.checkout.ask import CheckoutAsk, CheckoutEnd, PersonsWord
from surestock.inventory.refusals import NotFound


class FakeMirrors:
    """Takes note of what it is told. ``answer`` is what a sync comes to."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.answer: Cart | Exception | None = None
        self.looked: datetime | None = None

    def changed(self, user_id: str) -> None:
        self.told.append(("changed", user_id))

    def seen(self, user_id: str) -> None:
        self.told.append(("seen", user_id))

    def accessed_at(self, cart: Cart) -> datetime:
        return self.looked or cart.accessed_at

    def forget(self, user_id: str, context: ExternalContext | None) -> None:
        self.told.append(("forget", user_id, context))

    async def sync(self, user_id: str, actor: str, request_id: str) -> Cart:
        self.told.append(("sync", user_id, actor, request_id))
        if self.answer is None:
            raise NotFound(f"cart of user {user_id}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


class FakeCheckouts:
    """Takes note of what it is asked. ``answer`` is what that comes to."""

    def __init__(self) -> None:
        self.asked: list[CheckoutAsk] = []
        self.resolved: list[PersonsWord] = []
        self.answer: CheckoutEnd | Exception | None = None

    async def checkout(self, ask: CheckoutAsk) -> CheckoutEnd:
        self.asked.append(ask)
        return self._end(ask.user_id)

    async def resolve(self, word: PersonsWord) -> CheckoutEnd:
        self.resolved.append(word)
        return self._end(word.user_id)

    def _end(self, user_id: str) -> CheckoutEnd:
        if self.answer is None:
            raise NotFound(f"cart of user {user_id}")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def told(mirrors: object) -> list[tuple[object, ...]]:
    """Return what the mirrors of a test were told."""
    assert isinstance(mirrors, FakeMirrors)
    return mirrors.told
