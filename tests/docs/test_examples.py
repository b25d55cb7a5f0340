"""Every example of README.md and run.md is run, in order, and answers what the document shows."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

from surestock.api.routes import all_routes
from tests.docs.blocks import blocks_of, examples_of
from tests.docs.rehearsal import Rehearsal, rehearse
from tests.tidy.repository import ROOT

DOCUMENTS: Final = ("README.md", "run.md")
WAYS: Final = {200, 201, 202, 204, 304, 400, 401, 402, 403, 404, 405, 406, 409, 413, 415, 429, 503}

_STATUS = re.compile(r"^HTTP/1\.1 (\d{3}) ", re.MULTILINE)

Rehearse: TypeAlias = Callable[[str], Rehearsal]

# Whichever test comes first runs a whole document, with some dozen services one after the other:
# two minutes, or many on a machine that has much else to do.
pytestmark = pytest.mark.timeout(1800)


@pytest.fixture(scope="module")
def rehearsal_of(tmp_path_factory: pytest.TempPathFactory) -> Rehearse:
    """Run a document's examples at the first call, and tell what came out at each."""
    known: dict[str, Rehearsal] = {}

    def run(document: str) -> Rehearsal:
        if document not in known:
            examples = list(examples_of(blocks_of(ROOT / document)))
            known[document] = rehearse(examples, tmp_path_factory.mktemp("checkout"))
        return known[document]

    return run


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_example_answers_what_the_document_shows(
    document: str, rehearsal_of: Rehearse
) -> None:
    rehearsal = rehearsal_of(document)
    assert rehearsal.examples > 0, "nothing was run"
    assert rehearsal.differences == []


def test_run_md_has_an_example_for_every_endpoint(rehearsal_of: Rehearse) -> None:
    asked = {
        (method, route) for method, route, status in rehearsal_of("run.md").asked if status < 400
    }
    assert {(route.method, route.path) for route in all_routes()} - asked == set()


def test_run_md_shows_every_way_to_be_answered(rehearsal_of: Rehearse) -> None:
    seen = {status for _, _, status in rehearsal_of("run.md").asked}
    # The service that asks for keys shows its metrics to nobody; its answers stand in the page.
    seen |= {int(status) for status in _STATUS.findall((ROOT / "run.md").read_text())}
    assert WAYS - seen == set()
