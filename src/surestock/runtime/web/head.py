"""What a request's head must be, beyond what the parser sees to.

Two servers that read the end of a request differently can be made to take one client's bytes for
another's request (RFC 9112, section 11.2). The parser refuses a length that is given twice, in two
ways or oddly, line ends and spaces that are not as they should be. It lets through what a server
behind a proxy must not: here that is refused.
"""

import httptools
from httptools.parser.url_parser import URL

from surestock.api.errors import Fault, HeadersTooLarge, ValidationFailed
from surestock.runtime.web.limits import WebLimits

Headers = list[tuple[bytes, bytes]]

_LINE_BYTES = len(b": \r\n")
_REQUEST_LINE_BYTES = len(b"GET  HTTP/1.1\r\n\r\n")


def malformed(detail: str, pointer: str = "") -> ValidationFailed:
    """Return the error of a request that is not HTTP as it is spoken here."""
    return ValidationFailed(Fault("header", pointer, detail))


def framing_fault(version: str, hosts: int, coding: bytes | None) -> ValidationFailed | None:
    """Return what is wrong with how the request says whom it is for and where it ends.

    ``hosts`` is the number of Host headers, ``coding`` what is in Transfer-Encoding, all of them.
    """
    if version not in {"1.1", "1.0"}:
        return malformed(f"HTTP/{version} is not spoken here; HTTP/1.1 is")
    if hosts != 1 and (hosts or version == "1.1"):
        return malformed("must be given once", "/Host")
    if coding is not None:
        if coding.rstrip(b" \t").lower() != b"chunked":
            return malformed("must be chunked, and nothing else", "/Transfer-Encoding")
        if version == "1.0":
            return malformed("is not part of HTTP/1.0", "/Transfer-Encoding")
    return None


def size_fault(url: bytes, headers: Headers, limits: WebLimits) -> HeadersTooLarge | None:
    """Return what is too large about a whole head."""
    if len(headers) > limits.headers:
        return HeadersTooLarge(f"there are more than {limits.headers} headers")
    size = _REQUEST_LINE_BYTES + len(url)
    size += sum(len(name) + len(value) + _LINE_BYTES for name, value in headers)
    return too_long(limits) if size > limits.head_bytes else None


def too_long(limits: WebLimits) -> HeadersTooLarge:
    """Return the error of a head that is too long, whether it has ended or not."""
    return HeadersTooLarge(f"it is longer than {limits.head_bytes} bytes")


def target_of(url: bytes) -> URL | None:
    """Return the parts of a request's target, or None when it names no path."""
    try:
        target = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return None
    return target if target.path else None
