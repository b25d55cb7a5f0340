"""The bodies of the requests about one level."""

from pydantic import Field

from surestock.api.query import Count
from surestock.api.schemas.values import Body, Delta, Quantity, Text, TtlSeconds, Units, Version
from surestock.inventory.model import MAX_QUANTITY


class CountBody(Body):
    """A physical count."""

    on_hand: Quantity = Field(examples=[120])
    expected_version: Version | None = None
    reason: Text | None = None


class AdjustBody(Body):
    """A change of on-hand."""

    delta: Delta = Field(examples=[-3])
    expected_version: Version | None = None
    reason: Text | None = None
    reference: Text | None = None


class ReserveBody(Body):
    """Units to reserve; without a time to live the reservation never expires."""

    qty: Units = Field(examples=[2])
    expected_version: Version | None = None
    ttl_seconds: TtlSeconds | None = None
    reference: Text | None = None


class StockPage(Body):
    """Which part of a list by SKU is asked for."""

    limit: Count = Field(default=100, ge=1, le=1000)
    cursor: str | None = Field(default=None, max_length=128)


class After(Body):
    """Which part of a sequence to list: what comes after ``after``."""

    after: Count = Field(default=0, ge=0, le=MAX_QUANTITY)
    limit: Count = Field(default=100, ge=1, le=1000)
