"""Why the process does not start."""

import sys

from surestock.kit.errors import SurestockError

REFUSED = 2
"""The exit code of a process that did not start."""


class StartRefused(SurestockError):
    """Something outside the service must be put right first. The message is one clear sentence."""


def refuse(error: SurestockError) -> int:
    """Tell why the process does not start; return its exit code."""
    sys.stderr.write(f"surestock: {error}\n")
    return REFUSED
