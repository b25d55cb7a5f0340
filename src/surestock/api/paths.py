"""From a path to its route: a tree of the path's segments.

Segments are split before they are decoded, so that ``%2F`` in an id stays a part of the id (and is
refused there) and never becomes a slash. The tree is made from the declared routes.
"""

from collections.abc import Iterable
from urllib.parse import unquote

from msgspec import Struct

from surestock.api.call import Scope
from surestock.api.errors import MethodNotAllowed, RouteNotFound
from surestock.api.route import CheckedRoute
from surestock.telemetry.metrics import Metrics, RouteStats


class Target(Struct, frozen=True):
    """A route, and the numbers that are kept about it."""

    route: CheckedRoute
    stats: RouteStats


class _Node:
    __slots__ = ("allow", "any_below", "below", "targets")

    def __init__(self) -> None:
        self.below: dict[str, _Node] = {}
        self.any_below: _Node | None = None
        self.targets: dict[str, Target] = {}
        self.allow = ""


class PathTree:
    """Finds the route of a request."""

    def __init__(self, routes: Iterable[CheckedRoute], metrics: Metrics) -> None:
        self._root = _Node()
        for route in routes:
            node = self._grow(route.path)
            target = Target(route, metrics.route(route.method, route.path))
            node.targets[route.method] = target
            if route.method == "GET":
                node.targets["HEAD"] = target
            node.allow = ", ".join(sorted(node.targets))

    def _grow(self, template: str) -> _Node:
        node = self._root
        for segment in template.split("/")[1:]:
            if segment.startswith("{"):
                if node.any_below is None:
                    node.any_below = _Node()
                node = node.any_below
            else:
                node = node.below.setdefault(segment, _Node())
        return node

    def find(self, scope: Scope) -> tuple[Target, list[str]]:
        """Return the route of a request and the path's parameters, not yet checked.

        Raises :class:`RouteNotFound` or :class:`MethodNotAllowed`.
        """
        if b"%" in scope["raw_path"]:
            raw = scope["raw_path"].decode("ascii", "replace")
            segments = [unquote(segment) for segment in raw.split("/")]
        else:
            segments = scope["path"].split("/")
        node = self._root
        parameters: list[str] = []
        for segment in segments[1:]:
            below = node.below.get(segment)
            if below is None:
                below = node.any_below
                if below is None:
                    raise RouteNotFound
                parameters.append(segment)
            node = below
        target = node.targets.get(scope["method"])
        if target is None:
            if not node.targets:
                raise RouteNotFound
            raise MethodNotAllowed(scope["method"], node.allow)
        return target, parameters
