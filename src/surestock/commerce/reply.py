"""An answer of a platform that came whole, and how it is read: by its type, or not at all."""

from typing import TypeVar

import msgspec
from msgspec import MsgspecError, Struct

from surestock.commerce.errors import BadAnswer

_T = TypeVar("_T")

_LONGEST_WAIT_S = 60


class Reply(Struct, frozen=True):
    """Status, headers (names in lower case) and body, as they came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def is_success(self) -> bool:
        """Whether the status is one of 200 to 299."""
        return self.status // 100 == 2  # noqa: PLR2004 -- the class of a status is its first digit

    def decode(self, form: type[_T]) -> _T:
        """Return the body, read from JSON as a ``form``.

        Raises ``BadAnswer`` that names the form, and nothing of what came instead.
        """
        try:
            return msgspec.json.decode(self.body, type=form)
        except (MsgspecError, ValueError, ArithmeticError, RecursionError):
            name = getattr(form, "__name__", "answer")
            raise BadAnswer(
                f"The commerce platform's answer (status {self.status}) is no {name}."
            ) from None

    @property
    def retry_after_s(self) -> int:
        """The seconds of ``Retry-After``, 1 to 60; 1 when it has none that is a number.

        https://www.rfc-editor.org/rfc/rfc9110.html#section-10.2.3
        """
        text = self.headers.get("retry-after", "")
        if not (text.isascii() and text.isdigit()):
            return 1
        return max(1, min(_LONGEST_WAIT_S, int(text[:9])))
