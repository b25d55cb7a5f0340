"""The bodies of the requests about reservations."""

from typing import Annotated

from pydantic import Field

from surestock.api.schemas.values import Body, Identifier, Text, TtlSeconds, Units, Version


class LineBody(Body):
    """A quantity of one SKU in one store."""

    store_id: Identifier = Field(examples=["store-1"])
    sku: Identifier = Field(examples=["apple-1kg"])
    qty: Units = Field(examples=[2])


class ReserveLineBody(LineBody):
    """A line to reserve."""

    expected_version: Version | None = None


class ReservationRequest(Body):
    """Lines to reserve, all or none."""

    lines: Annotated[list[ReserveLineBody], Field(min_length=1, max_length=100)]
    ttl_seconds: TtlSeconds | None = None
    reference: Text | None = None


class CommitBody(Body):
    """What to commit: with ``lines`` that part (the rest is released), else all."""

    lines: Annotated[list[LineBody], Field(min_length=1, max_length=100)] | None = None


class ReleaseBody(Body):
    """Nothing: an empty object, or no body at all."""


class ExtendBody(Body):
    """How long from now the reservation lives."""

    ttl_seconds: TtlSeconds = Field(examples=[600])
