"""The mirror of carts at the platform: in the way of those who fill them, or easily discouraged."""

from contextlib import suppress

from surestock.api.answer import Answer
from surestock.api.call import Call
from surestock.api.mutation import carry_out
from surestock.api.routes import carts
from surestock.cart.commands import AddItem, RemoveItem, SetItemQuantity
from surestock.kit.errors import SurestockError
from surestock.mirror import mirrors
from surestock.mirror.agenda import Agenda


def in_the_way() -> None:
    """A change of a cart is answered once the platform has taken it, or has failed to."""

    async def carry_out_and_sync(
        call: Call, command: AddItem | SetItemQuantity | RemoveItem
    ) -> Answer:
        answer = await carry_out(call, command)
        with suppress(SurestockError):
            await call.service.mirrors.sync(command.user_id, call.client, call.request_id)
        return answer

    vars(carts).update(carry_out=carry_out_and_sync)


def discouraged() -> None:
    """A sync that failed is not tried again before the next change of the cart."""

    class Discouraged(Agenda):
        def ended(self, user_id: str, now: float, again_at: float | None) -> None:
            super().ended(user_id, now, None)

    vars(mirrors).update(Agenda=Discouraged)
