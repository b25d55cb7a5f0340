"""What is to be changed at the platform names the end and not the way, and leads there."""

from hypothesis import given
from hypothesis import strategies as st

from surestock.cart.model import Item
from surestock.commerce.port import RemoteLine
from surestock.mirror.diff import Change, RemoveLine, SetQuantity, changes_between, wanted_of

SKUS = st.sampled_from("ABCDE")


def item(sku: str, qty: int, price: int = 100) -> Item:
    return Item(sku, f"Product {sku}", "device", qty, price)


items = st.lists(st.builds(item, SKUS, st.integers(1, 9)), max_size=6)
lines = st.lists(st.builds(lambda sku, qty: (sku, qty), SKUS, st.integers(0, 9)), max_size=8).map(
    lambda held: [RemoteLine(f"L{n}", sku, qty) for n, (sku, qty) in enumerate(held)]
)


def done(held: list[RemoteLine], changes: list[Change]) -> list[RemoteLine]:
    """Carry changes out as a platform does."""
    standing = {line.line_id: line for line in held}
    for change in changes:
        if isinstance(change, RemoveLine):
            standing.pop(change.line.line_id, None)
        else:
            line_id = change.line.line_id if change.line else f"new-{change.item.sku}"
            standing[line_id] = RemoteLine(line_id, change.item.sku, change.item.qty)
    return list(standing.values())


@given(items, lines)
def test_done_once_or_twice_they_lead_from_any_cart_to_ours(
    ours: list[Item], held: list[RemoteLine]
) -> None:
    changes = changes_between(ours, held)
    after = done(held, changes)
    assert sorted((it.sku, it.qty) for it in after) == sorted(
        (sku, it.qty) for sku, it in wanted_of(ours).items()
    )
    assert done(after, changes) == after
    assert changes_between(ours, after) == []


@given(items, lines, st.data())
def test_broken_off_anywhere_what_is_left_still_leads_there(
    ours: list[Item], held: list[RemoteLine], data: st.DataObject
) -> None:
    changes = changes_between(ours, held)
    some = data.draw(st.integers(0, len(changes)))
    half = done(held, changes[:some])
    after = done(half, changes_between(ours, half))
    assert changes_between(ours, after) == []


@given(items, lines)
def test_what_is_right_already_is_left_alone(ours: list[Item], held: list[RemoteLine]) -> None:
    wanted = wanted_of(ours)
    for change in changes_between(ours, held):
        if isinstance(change, SetQuantity) and change.line is not None:
            assert change.line.qty != wanted[change.item.sku].qty


def test_a_sku_that_stands_twice_in_ours_is_summed() -> None:
    [change] = changes_between([item("A", 2), item("A", 3)], [])
    assert isinstance(change, SetQuantity)
    assert (change.item.qty, change.line) == (5, None)


def test_what_is_too_much_goes_first() -> None:
    held = [RemoteLine("1", "A", 1), RemoteLine("2", "B", 1), RemoteLine("3", "A", 4)]
    changes = changes_between([item("A", 2), item("C", 1)], held)
    assert [type(change) for change in changes] == [
        RemoveLine, RemoveLine, SetQuantity, SetQuantity,
    ]  # fmt: skip
    assert [it.line.line_id for it in changes if isinstance(it, RemoveLine)] == ["2", "3"]


def test_another_price_is_a_difference_only_when_asked_and_only_when_told() -> None:
    held = [RemoteLine("1", "A", 1, 90), RemoteLine("2", "B", 1)]
    ours = [item("A", 1), item("B", 1)]
    assert changes_between(ours, held) == []
    [change] = changes_between(ours, held, with_prices=True)
    assert isinstance(change, SetQuantity)
    assert (change.item.sku, change.item.unit_price) == ("A", 100)
