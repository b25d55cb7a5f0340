"""One document, run from its first example to its last against a fresh service.

The ports that a document names are taken by whatever runs on the machine; free ones stand in for
them.
"""

import re
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.docs.answer import Answers
from tests.docs.blocks import Example
from tests.docs.checkout import serving
from tests.docs.shell import BlockFailed, BlockHung, Shell
from tests.real.process import steady_port

PORT, OTHER_PORT, GUARDED_PORT = "3000", "3001", "3003"
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
    with serving(directory) as port, closing(Shell(directory)) as shell:
        ports = {PORT: str(port)}
        ports |= {named: str(steady_port()) for named in (OTHER_PORT, GUARDED_PORT)}
        written = {taken: port for port, taken in ports.items()}
        asked: set[tuple[str, str, int]] = set()
        for example in examples:
            where = f"line {example.command.line}"
            try:
                printed = shell.run(_with_ports(example.command.content, ports))
            except BlockHung as failure:
                differences.append(f"{where}: {failure}, so the others were not run")
                break  # they build on it, and each would wait as long
            except BlockFailed as failure:
                differences.append(f"{where}: {failure}")
                continue
            finally:
                asked |= _asked(ports[OTHER_PORT])
            if example.answer is not None:
                different = answers.differences(example.answer, _with_ports(printed, written))
                differences += [f"{where}: {what}" for what in different]
        asked |= _asked(ports[PORT])
    return Rehearsal(len(examples), differences, frozenset(asked))


def _with_ports(text: str, ports: dict[str, str]) -> str:
    return re.sub(rf"\b(?:{'|'.join(ports)})\b", lambda found: ports[found[0]], text)


def _asked(port: str) -> set[tuple[str, str, int]]:
    """Return what the service at ``port`` was asked for; nothing when there is none."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=60) as answer:
            text = answer.read().decode()
    except ConnectionError:
        return set()
    except URLError as error:
        if isinstance(error.reason, ConnectionError):
            return set()
        raise
    return {(method, route, int(status)) for method, route, status in _REQUESTS.findall(text)}
