"""Any command that somebody may send about a few levels, carts and checkouts."""

from random import Random

from surestock.cart import commands as cart
from surestock.cart.model import ExternalContext, Failure, Order
from surestock.inventory import commands as stock
from surestock.inventory.model import Line
from surestock.ledger.command import Command

STORE = "online"
SKUS = ("fig", "kiwi", "pear", "plum")
USERS = ("ann", "bob")
_TTLS_S = (1, 2, 30)


class World:
    """What a client may know by name: reservations, and the attempts of checkouts."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.attempts: dict[str, list[str]] = {user: [] for user in USERS}
        self.carts: dict[str, list[str]] = {user: [] for user in USERS}


def any_command(draw: Random, world: World) -> Command:
    """Draw a command."""
    return _of_stock(draw, world) if draw.random() < 0.6 else _of_cart(draw, world)


def _of_stock(draw: Random, world: World) -> Command:
    sku, ttl_s = draw.choice(SKUS), draw.choice(_TTLS_S)
    new, must_be_new = f"new-{draw.randrange(40)}", draw.random() < 0.5
    held = draw.choice(world.held[-12:]) if world.held else "none"
    skus = draw.sample(SKUS, draw.randint(1, 3))  # in any order
    lines = tuple(stock.ExpectedLine(Line(STORE, it, draw.randint(1, 3))) for it in skus)
    kinds: list[tuple[int, Command]] = [
        (3, stock.AdjustStock(STORE, sku, draw.randint(-9, 9))),
        (1, stock.CountStock(STORE, sku, draw.randint(0, 60))),
        (1, stock.CountStock(STORE, new, 3, must_not_exist=must_be_new)),
        (3, stock.MakeReservation(lines, ttl_s)),
        (1, stock.ReserveStock(STORE, sku, draw.randint(1, 3), ttl_s=ttl_s)),
        (1, stock.ExtendReservation(held, ttl_s)),
        (1, stock.CommitReservation(held)),
        (1, stock.ReleaseReservation(held)),
    ]
    return _one_of(draw, kinds)


def _of_cart(draw: Random, world: World) -> Command:
    user, sku, qty = draw.choice(USERS), draw.choice(SKUS), draw.randint(1, 3)
    attempt = draw.choice(world.attempts[user][-3:] or ["none"])
    cart_id = draw.choice(world.carts[user][-3:] or ["none"])
    is_absent = draw.random() < 0.3
    kinds: list[tuple[int, Command]] = [
        (2, cart.PutProduct(sku, sku, "device", qty, "EUR", stocked=True)),
        (6, cart.AddItem(user, sku, qty)),
        (2, cart.SetItemQuantity(user, sku, qty)),
        (2, cart.RemoveItem(user, sku)),
        (2, cart.DropCart(user)),
        (2, cart.Reprice(user)),
        (4, cart.BeginCheckout(user)),
        (2, cart.BeginPlacing(user, attempt, ExternalContext("shelf", "cart-1"))),
        (3, cart.CompleteCheckout(user, attempt, Order(f"order-{attempt}", "1", 5, "EUR"))),
        (2, cart.FailCheckout(user, attempt, Failure("Declined", "no"), absent=is_absent)),
        (1, cart.CloseCart(user, cart_id)),
        (1, cart.ForgetCheckout(user, attempt)),
        (1, cart.DoubtCheckout(user, attempt, "lost")),
        (1, cart.RepeatCheckout(user, attempt)),
    ]
    return _one_of(draw, kinds)


def _one_of(draw: Random, kinds: list[tuple[int, Command]]) -> Command:
    return draw.choices([it for _, it in kinds], [often for often, _ in kinds])[0]
