"""An API key, ``sk_<id>_<secret>``, and the header that brings it: ``Authorization: Bearer KEY``.

The id is public, 12 characters of base 32: lists, logs and revocations name a key by it. The secret
is 43 characters of base 62, drawn by the operating system: 62^43 is more than 2^256. It has no
``_``, so that a key falls into its three parts in one way only.
"""

import re
import secrets
from hashlib import sha256

ID_PATTERN = r"[a-z2-7]{12}"
_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_ID_CHARS = 12
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEPT_CHARS = 43
_KEY = rf"sk_({ID_PATTERN})_([0-9A-Za-z]{{{_KEPT_CHARS}}})"

is_key_id = re.compile(ID_PATTERN).fullmatch
is_key = re.compile(_KEY).fullmatch
holds_key = re.compile(_KEY).search

# RFC 9110, 11.1: the scheme's name knows no case. RFC 6750 lets several spaces follow it; no client
# sends them, so there is one spelling here. What is longer is never looked through.
_in_header = re.compile(rf"(?i:bearer) {_KEY}".encode("ascii")).fullmatch


class Credential:
    """A key with its secret, in one piece only while it is made. Its ``repr`` keeps the secret."""

    __slots__ = ("_secret", "key_id")

    def __init__(self, key_id: str, secret: str) -> None:
        self.key_id = key_id
        self._secret = secret

    def __repr__(self) -> str:
        """Return the public part."""
        return f"Credential(sk_{self.key_id}_…)"

    @property
    def text(self) -> str:
        """What the client is given."""
        return f"sk_{self.key_id}_{self._secret}"

    @property
    def sha256(self) -> str:
        """What the file keeps of the secret, in hexadecimal."""
        return sha256(self._secret.encode("ascii")).hexdigest()


def draw_credential() -> Credential:
    """Return a key that nobody has."""
    return Credential(_drawn(_ID_ALPHABET, _ID_CHARS), _drawn(_ALPHABET, _KEPT_CHARS))


def parts_of(authorization: bytes) -> tuple[bytes, bytes] | None:
    """Return id and secret out of an ``Authorization`` header, or None when it brings no key."""
    found = _in_header(authorization)
    return None if found is None else (found[1], found[2])


def _drawn(alphabet: str, chars: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(chars))
