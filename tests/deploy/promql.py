"""What a PromQL expression asks for, held against what there is.

The syntax, and the types that functions take, are the parser's to check; here are the names.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import promql_parser
from promql_parser import AggregateExpr, BinaryExpr, Call, Expr, MatrixSelector, VectorSelector

Known = Mapping[str, set[str]]
"""The labels of each name that is shown."""

_EVERYWHERE = {"job", "instance"}
_FALLS_TO_ZERO = {"rate", "irate", "increase"}
_COUNTS = ("_total", "_bucket", "_sum", "_count")
_SHOWN = re.compile(r"\{\{\s*(?:\$labels\.)?(\w+)\s*\}\}")


@dataclass
class Asked:
    """Whatever an expression names: selectors, labels that are kept or matched, and calls."""

    selectors: list[VectorSelector] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    calls: list[Call] = field(default_factory=list)


def asked_by(expression: Expr) -> Asked:
    """Return what a parsed expression asks for."""
    asked = Asked()

    def visit(part: Expr) -> None:
        if isinstance(part, VectorSelector):
            asked.selectors.append(part)
        elif isinstance(part, AggregateExpr) and part.modifier is not None:
            asked.labels |= set(part.modifier.labels)
        elif isinstance(part, BinaryExpr) and part.modifier and part.modifier.matching:
            asked.labels |= set(part.modifier.matching.labels)
        elif isinstance(part, Call):
            asked.calls.append(part)

    promql_parser.walk(expression, visit)
    return asked


def without_variables(expression: str) -> str:
    """Return a dashboard's expression as it is when Grafana has put its variables in."""
    return expression.replace("$__rate_interval", "5m").replace("$instance", ".*")


def complaints(text: str, known: Known, legend: str = "") -> Iterator[str]:
    """Say what is wrong with an expression, and with the text that shows its labels."""
    try:
        expression = promql_parser.parse(without_variables(text))
    except ValueError as error:
        yield f"does not parse: {error}"
        return
    asked = asked_by(expression)
    there = set(_EVERYWHERE)
    for selector in asked.selectors:
        name = selector.name or ""
        if name not in known:
            yield f"nobody shows {name}"
            continue
        there |= known[name]
        for matcher in selector.matchers.matchers:
            if matcher.name not in known[name] | _EVERYWHERE:
                yield f"{name} has no label {matcher.name}"
    yield from (f"nothing in it has the label {label}" for label in sorted(asked.labels - there))
    for call in asked.calls:
        if call.args:
            yield from _misuses(call.func.name, call.args[-1])
    left = _labels_left(expression, there)
    yield from (f"its text shows {name}" for name in sorted(set(_SHOWN.findall(legend)) - left))


def _misuses(name: str, argument: Expr) -> Iterator[str]:
    if name in _FALLS_TO_ZERO and isinstance(argument, MatrixSelector):
        counted = argument.vector_selector.name or ""
        if not counted.endswith(_COUNTS):
            yield f"{name} of {counted}, which is no counter"
    if name == "histogram_quantile":
        asked = asked_by(argument)
        if any(not (found.name or "").endswith("_bucket") for found in asked.selectors):
            yield "a quantile of something that is no histogram"
        if "le" not in asked.labels:
            yield "a quantile without le"


def _labels_left(expression: Expr, there: set[str]) -> set[str]:
    """Return the labels that a result has: what an aggregation keeps, or all."""
    if isinstance(expression, BinaryExpr):
        return _labels_left(expression.lhs, there)
    if isinstance(expression, AggregateExpr) and expression.param is None:
        return set() if expression.modifier is None else set(expression.modifier.labels)
    if isinstance(expression, Call) and expression.args:
        return _labels_left(expression.args[-1], there)
    return there
