"""Prometheus's rules for names, as code: https://prometheus.io/docs/practices/naming/.

``complaints`` reads the text itself, for a parser forgives what a reader of a dashboard does not.
"""

import re
from collections.abc import Iterator

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_NOT_BASE = ("milliseconds", "ms", "minutes", "hours", "kilobytes", "megabytes", "percent")
_OF_HISTOGRAM = ("_bucket", "_sum", "_count")
_BUSINESS = {"sku", "store", "client", "user", "key", "path", "url"}


def complaints(text: str) -> Iterator[str]:
    """Say what is wrong with each family of an exposition, and with each sample."""
    kinds: dict[str, str] = {}
    helped: set[str] = set()
    for line in text.splitlines():
        words = line.split(" ", 3)
        if line.startswith("# HELP "):
            if words[2] in helped:
                yield f"{words[2]} is explained twice"
            helped.add(words[2])
            if len(words) < 4 or not words[3].endswith("."):
                yield f"{words[2]} has no sentence"
        elif line.startswith("# TYPE "):
            kinds[words[2]] = words[3]
            yield from _of_name(words[2], words[3])
        elif line:
            yield from _of_sample(line, kinds)
    yield from (f"{name} has no HELP" for name in kinds.keys() - helped)


def _of_name(name: str, kind: str) -> Iterator[str]:
    if not _NAME.fullmatch(name):
        yield f"{name} is not snake case"
    if (kind == "counter") != name.endswith("_total"):
        yield f"{name} is a {kind}: a counter, and nothing else, ends in _total"
    if kind not in {"counter", "gauge", "histogram"}:
        yield f"{name} is {kind}"
    if any(f"_{unit}_" in f"{name}_" for unit in _NOT_BASE):
        yield f"{name} is not in a base unit"


def _of_sample(line: str, kinds: dict[str, str]) -> Iterator[str]:
    name = re.split(r"[{ ]", line, maxsplit=1)[0]
    family = next((name.removesuffix(end) for end in _OF_HISTOGRAM if name.endswith(end)), name)
    if name not in kinds and kinds.get(family) != "histogram":
        yield f"{name} has no TYPE before it"
    for label in re.findall(r'(\w+)="', line):
        if label in _BUSINESS:
            yield f"{name} has the label {label}"
