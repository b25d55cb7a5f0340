"""The reserve request as all peers take it: path, headers, body and answer, typed with pydantic."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final, Literal

from fastapi import FastAPI, Header, Path, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

IDENTIFIER: Final = r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$"
MOST_UNITS: Final = 9_007_199_254_740_991

Identifier = Annotated[str, Path(pattern=IDENTIFIER)]
IdempotencyKey = Annotated[str | None, Header(max_length=255)]
IfMatch = Annotated[str | None, Header(pattern=r'^(\*|"?[0-9]+"?)$')]
RequestId = Annotated[str | None, Header(alias="X-Request-Id", max_length=128)]
PATH: Final = "/stores/{store_id}/inventory/{sku}/reserve"


class Model(BaseModel):
    """Camel-case names, no others, no values of another type."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", strict=True, frozen=True
    )


class ReserveBody(Model):
    """What a client asks for."""

    qty: Annotated[int, Field(gt=0, le=MOST_UNITS)]
    expected_version: Annotated[int | None, Field(ge=1)] = None
    ttl_seconds: Annotated[int | None, Field(ge=1)] = None
    reference: Annotated[str | None, Field(max_length=255)] = None


class Reserved(Model):
    """The stock record after the reserve; quantities in units, times in UTC."""

    store_id: str
    sku: str
    qty: int
    on_hand: int
    reserved: int
    version: int
    updated_at: datetime
    sequence: int
    reservation_id: str
    expires_at: datetime | None


class Health(BaseModel):
    """Says that the server answers."""

    status: Literal["ok"] = "ok"


class Refused(Exception):
    """A reserve that the state does not allow; ``status`` is the HTTP status to answer with."""

    def __init__(self, status: HTTPStatus, error: str) -> None:
        """Remember what to answer."""
        super().__init__(error)
        self.status = status
        self.error = error


async def _answer_refusal(_request: Request, refusal: Exception) -> JSONResponse:
    if not isinstance(refusal, Refused):
        raise refusal
    body = {"status": refusal.status, "error": refusal.error}
    return JSONResponse(body, refusal.status, media_type="application/problem+json")


def expected_version(body: ReserveBody, if_match: str | None) -> int | None:
    """Return the version that the client names in body or header, or None when it names none."""
    if if_match is None or if_match == "*":
        return body.expected_version
    return int(if_match.strip('"'))


def add_basics(app: FastAPI) -> None:
    """Give ``app`` what every peer has: the health route and the answer to a refusal."""
    app.add_exception_handler(Refused, _answer_refusal)

    @app.get("/health")
    async def health() -> Health:
        return Health()
