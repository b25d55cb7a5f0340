"""The contract's values, and what every body has in common."""

from typing import Annotated, Final, TypeAlias

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from surestock.inventory.model import MAX_QUANTITY

IDENTIFIER: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
MOST_TTL_S: Final = 10 * 366 * 24 * 3600

Identifier: TypeAlias = Annotated[str, Field(pattern=IDENTIFIER)]
StoreId: TypeAlias = Annotated[str, Path(alias="storeId", pattern=IDENTIFIER, examples=["store-1"])]
Sku: TypeAlias = Annotated[str, Path(alias="sku", pattern=IDENTIFIER, examples=["apple-1kg"])]
ReservationId: TypeAlias = Annotated[
    str, Path(alias="reservationId", pattern=IDENTIFIER, examples=["q6xk2mz7ab3d-1f"])
]
UserId: TypeAlias = Annotated[str, Path(alias="userId", pattern=IDENTIFIER, examples=["ann"])]
LetterId: TypeAlias = Annotated[
    str, Path(alias="letterId", pattern=IDENTIFIER, examples=["4711.0"])
]
Quantity: TypeAlias = Annotated[int, Field(ge=0, le=MAX_QUANTITY)]
Units: TypeAlias = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
Delta: TypeAlias = Annotated[int, Field(ge=-MAX_QUANTITY, le=MAX_QUANTITY)]
Version: TypeAlias = Annotated[int, Field(ge=1, le=MAX_QUANTITY)]
TtlSeconds: TypeAlias = Annotated[int, Field(ge=1, le=MOST_TTL_S)]
Text: TypeAlias = Annotated[str, Field(min_length=1, max_length=255)]


class Body(BaseModel):
    """A request's body: nothing is converted, nothing unknown is let through."""

    model_config = ConfigDict(  # type: ignore[pydantic-alias]  # made from JSON only
        alias_generator=to_camel, extra="forbid", strict=True, frozen=True
    )


class NoMembers(Body):
    """Nothing: an empty object, or no body at all."""


class Shown(BaseModel):
    """The shape of an answer, for the document: answers are encoded elsewhere."""

    model_config = ConfigDict(  # type: ignore[pydantic-alias]  # never made at all
        alias_generator=to_camel, extra="forbid"
    )
