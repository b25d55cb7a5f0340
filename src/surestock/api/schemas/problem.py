"""The shape of every error: a problem (RFC 9457) with a stable code and what helps to go on."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from surestock.api.schemas.answers import ReservationShown, StockRecord
from surestock.api.schemas.cart import CartShown
from surestock.api.schemas.catalog import ProductShown
from surestock.api.schemas.checkout import CheckoutBegun, CheckoutDone
from surestock.api.schemas.values import Identifier, Shown


class FaultShown(BaseModel):
    """One thing that is wrong with a request: a JSON pointer into one part of it."""

    model_config = ConfigDict(extra="forbid")

    place: Literal["body", "path", "query", "header"] = Field(alias="in")
    pointer: str
    detail: str


class LineProblem(Shown):
    """Why one line was refused."""

    store_id: Identifier
    sku: Identifier
    error: str
    message: str
    available: int | None = None
    requested: int | None = None
    current_version: int | None = None
    expected_version: int | None = None


class PriceChangeShown(Shown):
    """An item whose price is another one by now; without a new one, it is not sold any more."""

    sku: Identifier
    old: int
    new: int | None
    currency: str | None = None


class Problem(Shown):
    """An error."""

    type: str
    title: str
    status: Annotated[int, Field(ge=400, le=599)]
    detail: str
    instance: str
    error: str
    message: str
    request_id: str
    errors: list[FaultShown] | None = None
    available: int | None = None
    requested: int | None = None
    current_version: int | None = None
    expected_version: int | None = None
    current: StockRecord | CartShown | ProductShown | None = None
    lines: list[LineProblem] | None = None
    after: int | None = None
    scope: str | None = None
    reservation_status: str | None = None
    reservation: ReservationShown | None = None
    changes: list[PriceChangeShown] | None = None
    checkout_status: str | None = None
    status_url: str | None = None
    checkout: CheckoutDone | CheckoutBegun | None = None
    retry_after: int | None = None
    limit: int | None = None
    currency: str | None = None
    cart_currency: str | None = None
    store_id: str | None = None
    cart_store_id: str | None = None
    sku: str | None = None
    key: str | None = None
    order_id: str | None = None
    order_number: str | None = None


def problem_schemas() -> dict[str, Any]:
    """Return the schemas of a problem and its parts, for the document's components."""
    schema = Problem.model_json_schema(by_alias=True, ref_template="#/components/schemas/{model}")
    parts: dict[str, Any] = schema.pop("$defs")
    return {**parts, "Problem": schema}
