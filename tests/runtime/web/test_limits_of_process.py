"""How many connections there may be follows from how many files the process may have open."""

import subprocess
import sys

import pytest

_LOOK = """
import resource, sys
soft, hard = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from surestock.runtime.web.limits import limits_of_process
print(limits_of_process().connections, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "connections"), [(256, 1000, 488), (256, 300, 16), (1000, 1000, 488)]
)
def test_the_soft_limit_is_raised_and_some_files_are_kept_for_the_rest(
    soft: int, hard: int, connections: int
) -> None:
    command = (sys.executable, "-c", _LOOK, str(soft), str(hard))
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    assert told.split() == [str(connections), str(hard)]
