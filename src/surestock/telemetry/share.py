"""What one process of several tells the others of its numbers, as it stands in a file.

The values are those of the families that Prometheus is shown, so there is nothing to keep in step
when a metric is added.
"""

from collections.abc import Iterable
from typing import TypeAlias

from msgspec import Struct, msgpack
from prometheus_client.metrics_core import Metric

Labels: TypeAlias = tuple[tuple[str, str], ...]
Sample: TypeAlias = tuple[str, Labels, float]


class Family(Struct, frozen=True, array_like=True):
    """A family of metrics. ``kind`` is Prometheus's type, ``told`` its sentence."""

    name: str
    kind: str
    told: str
    samples: list[Sample]


class Share(Struct, frozen=True, array_like=True):
    """The numbers of one process, and of those that had its slot before.

    ``written_at_s`` is on the monotonic clock of the boot ``boot``; None when the process ended.
    """

    boot: str
    written_at_s: float | None
    families: list[Family]


encode = msgpack.Encoder().encode
decode = msgpack.Decoder(Share).decode
"""Raises ``msgspec.DecodeError`` for anything but a share."""


def families_of(metrics: Iterable[Metric]) -> list[Family]:
    """Return what prometheus-client's families hold, as plain values."""
    return [
        Family(
            metric.name,
            metric.type,
            metric.documentation,
            [
                (name, tuple(labels.items()), float(value))
                for name, labels, value, *_ in metric.samples
            ],
        )
        for metric in metrics
    ]


def metrics_of(families: Iterable[Family]) -> list[Metric]:
    """Return ``families`` in the form that prometheus-client shows."""
    metrics = []
    for family in families:
        metric = Metric(family.name, family.told, family.kind)
        for name, labels, value in family.samples:
            metric.add_sample(name, dict(labels), value)
        metrics.append(metric)
    return metrics
