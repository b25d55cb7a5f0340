"""What the API and the sync worker say to each other over the worker's socket.

A message is four bytes of length, the highest first, and that many bytes of JSON. The API tells how
far the log is durable and asks questions; the worker answers them and reports how far it has come.
Answers come in the order of the questions; reports come in between. What either side cannot read
ends the connection: both are of one release, or else one of them has to be restarted.
"""

from asyncio import StreamReader
from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import DecodeError, Raw, Struct, ValidationError, json

from surestock.inventory.central import CentralStock
from surestock.journal.position import Frontier

_LENGTH_BYTES = 4
_MOST_MESSAGE_BYTES = 256 * 1024 * 1024


class Told(Struct, frozen=True, tag="told"):
    """API to worker: the log is durable up to here, and the view may hold no more than that."""

    frontier: Frontier


class Find(Struct, frozen=True, tag="find"):
    """A question: the stock of one SKU. Answered with :class:`Found`."""

    sku: str


class Page(Struct, frozen=True, tag="page"):
    """A question: up to ``limit`` SKUs after ``after``. Answered with a ``CentralPage``."""

    after: str
    limit: int


class Letters(Struct, frozen=True, tag="letters"):
    """A question: up to ``limit`` letters after letter ``after``, or from the first one.

    Answered with a list of ``DeadLetter``.
    """

    after: str
    limit: int


class Redrive(Struct, frozen=True, tag="redrive"):
    """A demand: try a letter again. Answered with the ``DeadLetter`` as it is then."""

    letter_id: str


class Discard(Struct, frozen=True, tag="discard"):
    """A demand: give a letter up. Answered with the ``DeadLetter`` as it is then."""

    letter_id: str
    reason: str


Question: TypeAlias = Find | Page | Letters | Redrive | Discard


class Ask(Struct, frozen=True, tag="ask"):
    """API to worker: a question. ``id`` is the API's own, and comes back with the answer."""

    id: int
    question: Question


class Found(Struct, frozen=True):
    """The answer to :class:`Find`: the stock or None, and the last record in the view."""

    stock: CentralStock | None
    applied_sequence: int


class Progress(Struct, frozen=True, tag="progress"):
    """Worker to API: how the view is.

    ``parked`` counts the letters that were opened since the worker started, ``dead_letters`` those
    that are open now, ``snapshots`` those that upkeep took since the worker started. ``stopped``
    says why nothing more is folded, when that is so.
    """

    applied_sequence: int
    parked: int
    dead_letters: int
    snapshots: int
    stopped: str | None = None


class Answer(Struct, frozen=True, tag="answer"):
    """Worker to API: the answer to question ``id``."""

    id: int
    value: Raw


class Declined(Struct, frozen=True, tag="declined"):
    """Worker to API: question ``id`` has no answer, because there is no such thing, or not now."""

    id: int
    kind: Literal["missing", "behind"]
    why: str


class Upkept(Struct, frozen=True, tag="upkept"):
    """Worker to API: indexes, snapshots or archives changed on disk; memory may be let go."""


FromApi: TypeAlias = Told | Ask
FromWorker: TypeAlias = Progress | Answer | Declined | Upkept

_encode = json.Encoder().encode
_from_api: Callable[[bytes], FromApi] = json.Decoder(FromApi).decode
_from_worker: Callable[[bytes], FromWorker] = json.Decoder(FromWorker).decode


class BadMessage(ValueError):
    """The other side sent something that this release does not understand."""


def value(of: object) -> Raw:
    """Return ``of`` as the value of an :class:`Answer`."""
    return Raw(_encode(of))


def frame(message: FromApi | FromWorker) -> bytes:
    """Return the bytes that carry ``message``."""
    body = _encode(message)
    return len(body).to_bytes(_LENGTH_BYTES, "big") + body


async def _receive(reader: StreamReader) -> bytes:
    """Return the JSON of the next message. ``IncompleteReadError`` is an ``EOFError``."""
    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
    if length > _MOST_MESSAGE_BYTES:
        msg = f"a message of {length} bytes"
        raise BadMessage(msg)
    return await reader.readexactly(length)


async def receive_from_api(reader: StreamReader) -> FromApi:
    """Return the API's next message. Raises ``EOFError``, ``OSError``, :class:`BadMessage`."""
    try:
        return _from_api(await _receive(reader))
    except (DecodeError, ValidationError) as error:
        raise BadMessage(str(error)) from error


async def receive_from_worker(reader: StreamReader) -> FromWorker:
    """Return the worker's next message. Raises ``EOFError``, ``OSError``, :class:`BadMessage`."""
    try:
        return _from_worker(await _receive(reader))
    except (DecodeError, ValidationError) as error:
        raise BadMessage(str(error)) from error
