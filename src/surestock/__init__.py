"""Surestock: a consistency-first inventory and cart service on an embedded JSON event log.

The version below is its only home: the package's metadata and the HTTP API read it from here.
"""

__version__ = "0.1.0"
