"""Why the process does not start."""

from surestock.kit.errors import SurestockError


class StartRefused(SurestockError):
    """Something outside the service must be put right first. The message is one clear sentence."""
