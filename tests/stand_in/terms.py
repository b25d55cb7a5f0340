"""What a test and the platform tell each other."""

from typing import Literal, TypeAlias

from msgspec import Struct

Mode: TypeAlias = Literal["well", "hang", "refuse", "fail"]
Outcome: TypeAlias = Literal["well", "slow", "lose", "late", "drop", "decline"]


class Behaviour(Struct, frozen=True):
    """How the platform behaves from now on.

    ``mode`` is for all requests: to hang is to take a request and never answer nor carry it out; to
    refuse, to listen no more and to reset what is open; to fail, to answer 500.

    ``outcomes`` are for requests to place an order: "slow" is accepted at once and answered after
    ``late_s``; "lose" is accepted and never answered; "late", accepted after ``late_s`` and never
    answered; "drop", neither; "decline", answered with a no.
    """

    mode: Mode = "well"
    outcomes: tuple[Outcome, ...] = ("well",)
    late_s: float = 0.0


class Order(Struct, frozen=True):
    """An order that the platform has accepted, with what it holds of each SKU."""

    order_id: str
    attempt_id: str
    reference: str
    total: int
    currency: str
    lines: dict[str, int]


class Books(Struct, frozen=True):
    """What the platform has: orders by attempt, and what the newest cart of a reference holds.

    ``asked`` counts the requests to place an order, by attempt; ``calls`` counts all requests that
    were carried out, by what they were for.
    """

    orders: dict[str, list[Order]]
    carts: dict[str, dict[str, int]]
    asked: dict[str, int]
    calls: dict[str, int]


class Ports(Struct, frozen=True):
    """Where the platform listens, and where it is told how to behave."""

    platform: int
    control: int
