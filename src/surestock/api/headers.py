"""The request headers that mean something here, and what is wrong with them when they are wrong."""

import re

from msgspec import Struct

from surestock.api.errors import Fault

MOST_KEY_CHARS = 255
_REQUEST_ID = re.compile(rb"[!-~]{1,128}").fullmatch
_BARE_KEY = re.compile(rb"[!#-~][!-~]{0,254}").fullmatch
# A string of RFC 8941, section 3.3.3: visible ASCII and spaces; a quote and a backslash escaped.
_QUOTED_KEY = re.compile(rb'"((?:[ !#-\[\]-~]|\\["\\])*)"').fullmatch
_ESCAPED = re.compile(rb"\\(.)")
_VERSION_TAG = re.compile(rb'(W/)?"([1-9][0-9]{0,15})"|([1-9][0-9]{0,15})').fullmatch
_SEQUENCE = re.compile(rb"[0-9]{1,16}").fullmatch


class IfMatch(Struct, frozen=True):
    """What If-Match asks for: a version (which a weak tag never is), or with None any at all."""

    version: int | None
    weak: bool = False


def find_request_id(value: bytes | None) -> str | None:
    """Return the client's name for the request, or None when it is missing or not usable."""
    return value.decode() if value is not None and _REQUEST_ID(value) else None


def parse_idempotency_key(value: bytes) -> str | Fault:
    """Return the key that was given bare or as a quoted string, or what is wrong with it."""
    if _BARE_KEY(value):
        return value.decode()
    quoted = _QUOTED_KEY(value)
    if quoted is not None:
        key = _ESCAPED.sub(rb"\1", quoted[1])
        if 0 < len(key) <= MOST_KEY_CHARS:
            return key.decode()
    return Fault(
        "header",
        "/Idempotency-Key",
        f'must be 1 to {MOST_KEY_CHARS} visible ASCII characters, bare or as a "quoted" string',
    )


def parse_if_match(value: bytes) -> IfMatch | Fault:
    """Return what If-Match asks for, or what is wrong with it."""
    if value == b"*":
        return IfMatch(None)
    tag = _VERSION_TAG(value)
    if tag is None:
        return Fault("header", "/If-Match", 'must be a version such as "7", or *')
    return IfMatch(int(tag[2] or tag[3]), weak=tag[1] is not None)


def parse_last_event_id(value: bytes) -> int | Fault:
    """Return the last sequence that a client has."""
    if _SEQUENCE(value):
        return int(value)
    return Fault("header", "/Last-Event-ID", "must be a sequence, in at most 16 digits")
