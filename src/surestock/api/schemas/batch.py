"""The rows of a batch. Each stands alone and is one of three operations."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from surestock.api.schemas.stock import AdjustBody, CountBody, ReserveBody
from surestock.api.schemas.values import Body, Identifier

MOST_ROWS = 1000
_Key: TypeAlias = Annotated[str, Field(pattern=r"^[ -~]{1,255}$")]


class CountRow(CountBody):
    """A physical count."""

    op: Literal["count"]
    store_id: Identifier
    sku: Identifier
    idempotency_key: _Key | None = None


class AdjustRow(AdjustBody):
    """A change of on-hand."""

    op: Literal["adjust"]
    store_id: Identifier
    sku: Identifier
    idempotency_key: _Key | None = None


class ReserveRow(ReserveBody):
    """Units to reserve."""

    op: Literal["reserve"]
    store_id: Identifier
    sku: Identifier
    idempotency_key: _Key | None = None


Row: TypeAlias = Annotated[CountRow | AdjustRow | ReserveRow, Field(discriminator="op")]


class BatchBody(Body):
    """Up to 1,000 operations, each answered for itself."""

    operations: Annotated[list[Row], Field(min_length=1, max_length=MOST_ROWS)]
