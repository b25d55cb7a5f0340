"""The platforms that come along, one folder each. Nothing outside a folder knows its name.

They are found by the entry points of ``pyproject.toml``, as those of other packages are.
"""

DEFAULT = "simulated"
"""Used when none is chosen: the one that needs nothing installed."""
