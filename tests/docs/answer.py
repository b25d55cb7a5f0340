"""What a document shows against what was printed: strict, but for what differs in every run.

Times and ids differ. What stands in the document for one of them must stand for the same one
throughout: the reservation that is committed is the one that was made.

``…`` stands for anything: as a JSON value, as a part of a line of text, and as a member of a JSON
object that has more members than are shown. Of the headers, those that are shown are compared.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.docs.blocks import Block

ANYTHING = "…"
_VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?Z"  # a time
    r"|\b[a-z2-7]{12}-[0-9a-f]+\b"  # an id
)
_NAMED = "\x00"
_DECODER = json.JSONDecoder()


class Answers:
    """Compares the answers of one document, in order."""

    def __init__(self) -> None:
        self._stands_for: dict[str, str] = {}

    def differences(self, shown: Block, printed: str) -> list[str]:
        """Return what is different, a sentence each."""
        if shown.language == "http":
            return list(self._http(shown.content, printed))
        if shown.language == "json":
            return list(self._value("", _parsed(shown.content), _parsed(printed)))
        return list(self._text(shown.content, printed))

    def _http(self, shown: str, printed: str) -> Iterator[str]:
        shown_head, _, shown_body = shown.partition("\n\n")
        head, _, body = printed.replace("\r\n", "\n").partition("\n\n")
        if head.startswith("HTTP/1.1 100"):
            head, _, body = body.partition("\n\n")
        shown_status, *shown_headers = shown_head.strip().split("\n")
        status, *lines = head.split("\n")
        if status.split()[:2] != shown_status.split()[:2]:  # the phrase is the server's own
            yield f"the status is {status!r}, not {shown_status!r}"
        headers = dict(_header(line) for line in lines)
        for name, value in map(_header, shown_headers):
            if name not in headers:
                yield f"there is no header {name}"
            else:
                yield from self._value(name, value, headers[name])
        yield from self._value("", _parsed(shown_body), _parsed(body))

    def _text(self, shown: str, printed: str) -> Iterator[str]:
        shown_lines, lines = shown.rstrip().split("\n"), printed.rstrip().split("\n")
        if len(shown_lines) != len(lines):
            yield f"{len(lines)} lines, not {len(shown_lines)}: {printed}"
            return
        for number, (shown_line, line) in enumerate(zip(shown_lines, lines, strict=True), 1):
            yield from self._string(f"line {number}", _plain(shown_line), _plain(line))

    def _value(self, place: str, shown: Any, got: Any) -> Iterator[str]:
        if shown == ANYTHING:
            return
        if isinstance(shown, dict) and isinstance(got, dict):
            yield from self._object(place, shown, got)
        elif isinstance(shown, list) and isinstance(got, list) and len(shown) == len(got):
            for index, (one, other) in enumerate(zip(shown, got, strict=True)):
                yield from self._value(f"{place}/{index}", one, other)
        elif isinstance(shown, str) and isinstance(got, str):
            yield from self._string(place, shown, got)
        elif type(shown) is not type(got) or shown != got:
            yield f"{place or 'the body'} is {got!r}, not {shown!r}"

    def _object(self, place: str, shown: dict[str, Any], got: dict[str, Any]) -> Iterator[str]:
        wanted = shown.keys() - {ANYTHING}
        for name in sorted(wanted - got.keys()):
            yield f"{place}/{name} is missing"
        if ANYTHING not in shown:
            for name in sorted(got.keys() - wanted):
                yield f"{place}/{name} is there ({got[name]!r}), and not shown"
        for name in sorted(wanted & got.keys()):
            yield from self._value(f"{place}/{name}", shown[name], got[name])

    def _string(self, place: str, shown: str, got: str) -> Iterator[str]:
        pattern = re.escape(_VOLATILE.sub(_NAMED, shown)).replace(re.escape(ANYTHING), ".*")
        if not re.fullmatch(pattern, _VOLATILE.sub(_NAMED, got), re.DOTALL):
            yield f"{place or 'the body'} is {got!r}, not {shown!r}"
            return
        for one, other in zip(_VOLATILE.findall(shown), _VOLATILE.findall(got), strict=False):
            known = self._stands_for.setdefault(one, other)
            if known != other:
                yield f"{place}: {one} stood for {known} before, and for {other} now"


def _header(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    return name.strip().lower(), value.strip()


def _parsed(body: str) -> Any:
    """Return a body as JSON, as a list when it holds several values in a row, or as text."""
    values = []
    rest = body.strip()
    while rest:
        try:
            value, end = _DECODER.raw_decode(rest)
        except ValueError:
            return body.strip()
        values.append(value)
        rest = rest[end:].lstrip()
    return values[0] if len(values) == 1 else values


def _plain(line: str) -> str:
    """Return a line without what only lays a table out."""
    return re.sub(r"([━─])\1*", r"\1", re.sub(r" +", " ", line)).strip()
