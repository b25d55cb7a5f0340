"""The HTTP contract: the only place that knows the web framework.

The way of a request, by file: ``gateway`` (request id, timing, log line, every error to a problem),
``paths`` (which route), ``route`` (path, query, headers and body, all checked), ``routes/`` (the
endpoints), ``mutation`` (command to the engine, outcome to an answer), ``problems`` (errors).
"""

from surestock.api.app import build_app
from surestock.api.service import Service

__all__ = ["Service", "build_app"]
