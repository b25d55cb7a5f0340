"""Every reason for which a connection is ended is one that metrics show from the start."""

import re
from pathlib import Path

from surestock.runtime import web
from surestock.runtime.web.connections import REASONS

_GIVEN = re.compile(r'(?:count_end\(|(?:refuse|_stop)\(.*, )"(\w+)"\)')


def test_the_reasons_are_those_that_are_given() -> None:
    sources = [path.read_text() for path in Path(web.__file__).parent.glob("*.py")]
    given = {reason for source in sources for reason in _GIVEN.findall(source)}
    assert given == set(REASONS)
