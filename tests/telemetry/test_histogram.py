"""A histogram tells for each bound how many observations were not above it."""

from surestock.telemetry.histogram import Histogram


def test_an_observation_counts_in_every_bucket_that_holds_it() -> None:
    histogram = Histogram(1, 2, 4)
    for value in (0.5, 1, 1.5, 4, 9):
        histogram.observe(value)
    assert histogram.buckets() == [("1", 2), ("2", 3), ("4", 4), ("+Inf", 5)]
    assert histogram.total == 16


def test_a_new_histogram_is_empty() -> None:
    assert Histogram(1).buckets() == [("1", 0), ("+Inf", 0)]
