"""What a request to the fake holds, what it answers, and how problems are written there."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import msgspec

_TYPES = "https://api.commercecloud.salesforce.com/documentation/error/v1/errors/"
_ENCODER = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode()))

    @property
    def json(self) -> Any:
        """The body, with its numbers as they were written."""
        decoded: Any = msgspec.json.Decoder(float_hook=Decimal).decode(self.body)
        return decoded


@dataclass(frozen=True)
class Answer:
    """``status`` 0 breaks the connection instead of answering."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


DROPPED = Answer(0)


def document(status: int, value: object, kind: str = "application/json") -> Answer:
    return Answer(status, _ENCODER.encode(value), {"content-type": kind})


def problem(status: int, slug: str, **more: str) -> Answer:
    title = slug.replace("-", " ").title()
    return document(
        status,
        {"type": _TYPES + slug, "title": title, "detail": f"{title}.", **more},
        "application/problem+json",
    )
