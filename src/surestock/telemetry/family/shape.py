"""Families that are made of one number, or of one label and its numbers."""

from collections.abc import Iterator, Mapping

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from surestock.telemetry.histogram import Histogram


def counters(*rows: tuple[str, str, float]) -> Iterator[Metric]:
    """Yield a counter for each (name without ``_total``, help, value)."""
    for name, told, value in rows:
        yield CounterMetricFamily(name, told, value=value)


def gauges(*rows: tuple[str, str, float]) -> Iterator[Metric]:
    """Yield a gauge for each (name, help, value)."""
    for name, told, value in rows:
        yield GaugeMetricFamily(name, told, value=value)


def counter_by(label: str, name: str, told: str, values: Mapping[str, int]) -> Metric:
    """Return a counter with one label."""
    family = CounterMetricFamily(name, told, labels=(label,))
    for value, count in values.items():
        family.add_metric((value,), count)
    return family


def histogram(name: str, told: str, observed: Histogram) -> Metric:
    """Return a histogram without labels."""
    return HistogramMetricFamily(name, told, buckets=observed.buckets(), sum_value=observed.total)
