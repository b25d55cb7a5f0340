"""Whatever else is kept under a key: a product, a cart, a checkout.

The domains above the stock bring their own kinds. Here, and in the engines, a document is only
something that has a key and is replaced as a whole. Its key stands among the levels' keys, so that
a command locks both alike.
"""

from typing import ClassVar, TypeAlias

from msgspec import Struct

DocumentKey: TypeAlias = tuple[str, str]
"""(kind, id). A kind begins with ``#``, which no store id does."""


class Document(Struct, frozen=True, rename="camel", omit_defaults=True, tag_field="kind"):
    """One value of some kind. A subclass names its kind, and tells its key."""

    KIND: ClassVar[str] = ""

    @property
    def key(self) -> DocumentKey:
        """What it is kept under."""
        msg = f"{type(self).__name__} does not tell its key"
        raise AssertionError(msg)


class Gone(Document, frozen=True):
    """There was a document under this key, and there is none any more."""

    what: DocumentKey

    @property
    def key(self) -> DocumentKey:
        """What nothing is kept under."""
        return self.what
