"""Bring the platform's cart up to ours, change by change; each answer is the truth from then."""

from collections.abc import Callable, Sequence

from surestock.cart.model import Item
from surestock.commerce.errors import Conflict, PriceChanged
from surestock.commerce.port import CommerceProvider, RemoteCart
from surestock.mirror.diff import Change, RemoveLine, changes_between, wanted_of

_MOST_ROUNDS = 4

Learn = Callable[[RemoteCart], object]
"""Is told each answer as it comes: the context in it may be the only one that is still good."""


def _learn_nothing(_: RemoteCart) -> None:
    """Tell nobody."""


async def reconcile(
    provider: CommerceProvider,
    remote: RemoteCart,
    items: Sequence[Item],
    currency: str,
    learn: Learn = _learn_nothing,
) -> RemoteCart:
    """Change ``remote`` until it holds ``items``; return it as it is then.

    A line at another price is set once more, since many platforms take over prices only then.

    Raises the ``CommerceError`` of the first change that failed. What was done until then stays,
    and a later try goes on from there. Raises ``Conflict`` when the cart is in another currency, or
    never comes to hold what it was told to.
    """
    for round_ in range(_MOST_ROUNDS):
        if remote.currency not in {None, currency}:
            raise Conflict(
                f"The commerce platform's cart is in {remote.currency}, and ours in {currency}."
            )
        changes = changes_between(items, remote.lines, with_prices=round_ == 0)
        if not changes:
            return remote
        for change in changes:
            remote = await _apply(provider, remote, change)
            learn(remote)
    if changes_between(items, remote.lines):
        raise Conflict(
            "The commerce platform's cart does not come to hold what ours does, however often it "
            "is told."
        )
    return remote


def check_prices(items: Sequence[Item], remote: RemoteCart) -> None:
    """Raise ``PriceChanged`` when the platform tells another price of a unit than ours has."""
    wanted = wanted_of(items)
    for line in remote.lines:
        item = wanted.get(line.sku)
        if item is not None and line.unit_price not in {None, item.unit_price}:
            assert line.unit_price is not None
            raise PriceChanged(line.sku, item.unit_price, line.unit_price)


async def _apply(provider: CommerceProvider, remote: RemoteCart, change: Change) -> RemoteCart:
    """Do one change on the cart as the last answer told it: lines may have moved since the diff."""
    if isinstance(change, RemoveLine):
        return await provider.remove_item(remote.context, change.line)
    line = next((it for it in remote.lines if it.sku == change.item.sku), None)
    return await provider.set_quantity(remote.context, change.item, line)
