"""How the simulated platform behaves. As it is by default, it does all that it is asked."""

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

from surestock.commerce.port import StockRule

_Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
_Count: TypeAlias = Annotated[int, Meta(ge=0, le=1_000_000_000)]
_Most: TypeAlias = Annotated[int, Meta(ge=1, le=1_000_000)]


class SimulatedConfig(Struct, frozen=True, forbid_unknown_fields=True):
    """Times are in the unit that the name ends with; shares are from 0 to 1, drawn from ``seed``.

    What it sells: ``sells`` of None is every SKU; ``prices``, in minor units, stand in for ours;
    ``in_stock`` counts where ``stock`` is not "none", and a SKU that is not in it never runs out.

    What goes wrong: ``fails`` of all calls are not carried out; ``forgets``, the cart is gone;
    ``loses``, an order is accepted and the answer lost; ``late``, it is accepted ``late_s`` later,
    and the answer lost, too. ``doubles``: every call that places makes one more order, as some
    platforms do.
    """

    latency_ms: Annotated[int, Meta(ge=0, le=60_000)] = 0
    stock: StockRule = "none"
    in_stock: dict[str, _Count] = {}
    sells: tuple[str, ...] | None = None
    prices: dict[str, _Count] = {}
    declined_methods: tuple[str, ...] = ("declined",)
    pending_methods: tuple[str, ...] = ("pending",)
    pending_s: Annotated[float, Meta(ge=0, le=86_400)] = 30.0
    idempotent_place: bool = True
    settles_s: Annotated[float, Meta(ge=0, le=86_400)] = 2.0
    seed: int = 0
    fails: _Share = 0.0
    forgets: _Share = 0.0
    loses: _Share = 0.0
    late: _Share = 0.0
    late_s: Annotated[float, Meta(ge=0, le=86_400)] = 1.0
    doubles: bool = False
    cart_idle_s: Annotated[float, Meta(gt=0)] = 3600.0
    most_carts: _Most = 10_000
    most_orders: _Most = 100_000
