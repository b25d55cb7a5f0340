"""One document, run from its first example to its last against a fresh service."""

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.request import urlopen

from tests.docs.answer import Answers
from tests.docs.blocks import Example
from tests.docs.checkout import serving
from tests.docs.shell import BlockFailed, Shell

ADDRESS = "127.0.0.1:3000"
_REQUESTS = re.compile(
    r'^surestock_http_requests_total\{method="([^"]+)",route="([^"]+)",status="(\d+)"\}',
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What came out: how many examples ran, what was not as shown, what was asked for.

    ``asked`` holds (method, route, status).
    """

    examples: int
    differences: list[str]
    asked: frozenset[tuple[str, str, int]]


def rehearse(examples: list[Example], directory: Path) -> Rehearsal:
    """Run ``examples`` in order and compare every answer that is shown."""
    differences: list[str] = []
    answers = Answers()
    with serving(directory) as port:
        shell = Shell(directory)
        address = f"127.0.0.1:{port}"
        for example in examples:
            where = f"line {example.command.line}"
            try:
                printed = shell.run(example.command.content.replace(ADDRESS, address))
            except BlockFailed as failure:
                differences.append(f"{where}: {failure}")
                continue
            if example.answer is not None:
                printed = printed.replace(address, ADDRESS)
                different = answers.differences(example.answer, printed)
                differences += [f"{where}: {what}" for what in different]
        asked = _asked(address)
    return Rehearsal(len(examples), differences, asked)


def _asked(address: str) -> frozenset[tuple[str, str, int]]:
    with urlopen(f"http://{address}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = _REQUESTS.findall(text)
    return frozenset((method, route, int(status)) for method, route, status in found)
