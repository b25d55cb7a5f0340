"""What can be wrong with a request before the engine has a say in it."""

from typing import Literal, TypeAlias

from msgspec import Struct, field

from surestock.cart.model import Cart, Checkout, Product
from surestock.cart.refusals import CartConflict, ProductConflict
from surestock.inventory.model import Level
from surestock.inventory.refusals import VersionConflict
from surestock.kit.errors import SurestockError

Place: TypeAlias = Literal["body", "path", "query", "header"]


class Fault(Struct, frozen=True):
    """One thing that is wrong: ``pointer`` is a JSON pointer into ``place``."""

    place: Place = field(name="in")
    pointer: str
    detail: str


class RequestError(SurestockError):
    """A request that cannot be carried out as it was sent."""


class ValidationFailed(RequestError):
    """The request is malformed. ``faults`` lists everything that was found."""

    def __init__(self, *faults: Fault) -> None:
        more = f" ({len(faults) - 1} more)" if len(faults) > 1 else ""
        first = faults[0]
        super().__init__(
            f"{first.place}{first.pointer and ' '}{first.pointer}: {first.detail}{more}"
        )
        self.faults = faults


class RouteNotFound(RequestError):
    """The path names nothing."""

    def __init__(self) -> None:
        super().__init__("There is nothing at this path.")


class MethodNotAllowed(RequestError):
    """The path is there, the method is not. ``allow`` lists those that are."""

    def __init__(self, method: str, allow: str) -> None:
        super().__init__(f"{method} is not possible here; {allow} is.")
        self.allow = allow


class NotAcceptable(RequestError):
    """The Accept header excludes every form that there is."""

    def __init__(self, offered: str) -> None:
        super().__init__(f"This can be answered as {offered} only, which Accept excludes.")


class BodyTooLarge(RequestError):
    """The body, or one line of it, is over its limit."""

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"The {what} is larger than {limit} bytes.")


class UnsupportedMediaType(RequestError):
    """The body is in a form that is not understood here."""

    def __init__(self, expected: str) -> None:
        super().__init__(f"The Content-Type of a body must be {expected}, without an encoding.")


class Unauthorized(RequestError):
    """No key, or none that is known and not revoked, came with the request."""

    def __init__(self) -> None:
        super().__init__("This needs a valid API key, as Authorization: Bearer KEY.")


class Forbidden(RequestError):
    """The key is known and may not do this. ``scope`` is what it lacks, None when a store is."""

    def __init__(self, message: str, scope: str | None = None) -> None:
        super().__init__(message)
        self.scope = scope


class RateLimited(RequestError):
    """The client sends more than it may: it is throttled. ``retry_after_s`` is whole seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(
            f"You send more changes than your rate limit lets through. Wait {retry_after_s} s."
        )
        self.retry_after_s = retry_after_s


class HeadersTooLarge(RequestError):
    """The request line and the headers are too long together, or the headers are too many."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The request's head is too large: {what}.")


class RequestTimeout(RequestError):
    """The client took too long to send its request."""

    def __init__(self, what: str) -> None:
        super().__init__(f"The {what} took too long to arrive. Send the request again.")


class ClientGone(RequestError):
    """The client hung up before it had sent its request."""

    def __init__(self) -> None:
        super().__init__("The client hung up before the body had arrived.")


class InternalError(RequestError):
    """Something failed that should not: a defect. The log knows more, the client does not."""

    def __init__(self) -> None:
        super().__init__("Something failed inside the service. The log names it by the request id.")


class WeakTag(VersionConflict):
    """If-Match holds a weak tag, which never matches (RFC 9110, section 13.1.1)."""

    def __init__(self, expected_version: int, current: Level) -> None:
        super().__init__(expected_version, current)
        self.args = (_weak(expected_version, current.version),)


class WeakCartTag(CartConflict):
    """If-Match holds a weak tag of a cart."""

    def __init__(self, expected_version: int, current: Cart, checkout: Checkout | None) -> None:
        super().__init__(expected_version, current, checkout)
        self.args = (_weak(expected_version, current.version),)


class WeakProductTag(ProductConflict):
    """If-Match holds a weak tag of a product."""

    def __init__(self, expected_version: int, current: Product) -> None:
        super().__init__(expected_version, current)
        self.args = (_weak(expected_version, current.version),)


def _weak(expected_version: int, version: int) -> str:
    return (
        f'W/"{expected_version}" is a weak tag, which If-Match never matches; '
        f"the version is {version}."
    )
