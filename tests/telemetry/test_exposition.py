"""The metrics: named as Prometheus wants them, and there before anything happened."""

import platform

import msgspec
import pytest

from surestock import __version__
from surestock.inventory.central import SyncStatus
from surestock.telemetry.exposition import Exposition
from surestock.telemetry.locks import LockMetrics
from surestock.telemetry.metrics import Metrics
from tests.telemetry.prometheus_rules import complaints
from tests.telemetry.shown import exposition_of, in_sync, text_of, values


def left_alone(openings: int) -> SyncStatus:
    """How the central view is kept when nobody asks its keeper."""
    return msgspec.structs.replace(in_sync(), breaker="open", breaker_openings=openings)


def own(text: str) -> str:
    """Return the part that is ours: prometheus-client's own families have names of their own."""
    lines = [line for line in text.splitlines() if "surestock_" in line]
    assert lines
    return "\n".join(lines)


async def test_every_family_keeps_the_rules_of_prometheus() -> None:
    metrics = Metrics()
    metrics.connections_ended["slow headers"] = 0
    metrics.route("GET", "/stores/{storeId}/inventory/{sku}").count(200, 0.002)
    metrics.count_row(409)
    assert list(complaints(own(await text_of(metrics)))) == []


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("# HELP a_total It.\n# TYPE a_total gauge\na_total 1", "_total"),
        ("# HELP a It.\n# TYPE a counter\na 1", "_total"),
        ("# HELP a_ms It.\n# TYPE a_ms gauge\na_ms 1", "base unit"),
        ("# HELP aB It.\n# TYPE aB gauge\naB 1", "snake case"),
        ("# HELP a \n# TYPE a gauge\na 1", "no sentence"),
        ("# TYPE a gauge\na 1", "no HELP"),
        ("# HELP a It.\n# HELP a It.\n# TYPE a gauge", "twice"),
        ("# HELP a It.\n# TYPE a summary\na 1", "summary"),
        ("b 1", "no TYPE"),
        ('# HELP a It.\n# TYPE a gauge\na{sku="apple"} 1', "label sku"),
    ],
)
def test_the_rules_catch_a_bad_family(text: str, complaint: str) -> None:
    assert any(complaint in found for found in complaints(text))


async def test_every_label_that_is_known_beforehand_is_shown_with_0() -> None:
    metrics = Metrics()
    worths = await values(metrics, "surestock_shed_total")
    assert worths == dict.fromkeys(
        [("routine",), ("sale",), ("last",), ("central",), ("platform",)], 0
    )
    openings = await values(metrics, "surestock_breaker_openings_total")
    assert openings == {("journal",): 0, ("worker",): 0, ("commerce",): 0, ("locks",): 0}
    assert set((await values(metrics, "surestock_batch_rows_total")).values()) == {0}
    for name in ("rate_limited", "defects", "log_lines_dropped"):
        assert await values(metrics, f"surestock_{name}_total") == {(): 0}


async def test_a_breaker_is_in_one_of_its_three_states() -> None:
    metrics = Metrics()
    metrics.breaker_states["journal"] = "half_open"
    assert await values(metrics, "surestock_breaker_state") == {
        ("journal", "closed"): 0,
        ("journal", "open"): 0,
        ("journal", "half_open"): 1,
        ("worker", "closed"): 1,
        ("worker", "open"): 0,
        ("worker", "half_open"): 0,
        ("commerce", "closed"): 1,
        ("commerce", "open"): 0,
        ("commerce", "half_open"): 0,
        ("locks", "closed"): 1,
        ("locks", "open"): 0,
        ("locks", "half_open"): 0,
    }


async def test_who_keeps_the_central_view_has_a_breaker_of_its_own() -> None:
    metrics = Metrics()
    shown = Exposition(metrics, lambda: left_alone(openings=2))
    text = (await shown.text()).decode()
    assert 'surestock_breaker_state{breaker="worker",state="open"} 1.0' in text
    assert 'surestock_breaker_state{breaker="journal",state="open"} 0.0' in text
    assert 'surestock_breaker_openings_total{breaker="worker"} 2.0' in text


async def test_what_was_refused_and_ended_is_told_by_why() -> None:
    metrics = Metrics()
    metrics.rate_limited, metrics.connections = 3, 4
    metrics.shed["sale"] += 2
    metrics.connections_ended["slow body"] = 5
    metrics.breaker_openings["journal"] = 6
    assert (await values(metrics, "surestock_rate_limited_total"))[()] == 3
    assert (await values(metrics, "surestock_connections"))[()] == 4
    assert (await values(metrics, "surestock_shed_total"))["sale",] == 2
    assert await values(metrics, "surestock_connections_ended_total") == {("slow body",): 5}
    assert (await values(metrics, "surestock_breaker_openings_total"))["journal",] == 6


async def test_what_is_asked_when_somebody_looks_is_asked_each_time() -> None:
    metrics = Metrics()
    depths = [1, 2]
    metrics.queue_depth = depths.pop
    metrics.lines_dropped = lambda: 9
    metrics.ready = lambda: False
    metrics.access_keys_stale = lambda: True
    first = await text_of(metrics)
    assert "surestock_queue_depth 2.0" in first
    assert "surestock_log_lines_dropped_total 9.0" in first
    assert "surestock_ready 0.0" in first
    assert "surestock_access_keys_stale 1.0" in first
    assert "surestock_queue_depth 1.0" in await text_of(metrics)


async def test_what_takes_time_is_a_histogram() -> None:
    metrics = Metrics()
    metrics.fsync_s.observe(0.002)
    metrics.loop_lag_s.observe(0.2)
    text = await text_of(metrics)
    assert 'surestock_fsync_duration_seconds_bucket{le="0.001"} 0.0' in text
    assert 'surestock_fsync_duration_seconds_bucket{le="0.0025"} 1.0' in text
    assert "surestock_event_loop_lag_seconds_sum 0.2" in text


async def test_what_runs_is_told() -> None:
    (labels,) = await values(Metrics("log"), "surestock_build_info")
    assert labels == ("log", platform.python_version(), __version__)


async def test_what_happens_to_leases_is_a_counter_each() -> None:
    metrics = Metrics()
    for number, fact in enumerate(LockMetrics.__slots__, 1):
        assert getattr(metrics.locks, fact) == 0
        setattr(metrics.locks, fact, number)
    named = {"turns": "writer_turns", "followed_records": "followed_records"}
    text = await text_of(metrics)
    for number, fact in enumerate(LockMetrics.__slots__, 1):
        name = named.get(fact, f"lock_{fact}")
        assert f"\nsurestock_{name}_total {number}.0\n" in text


async def test_the_json_counters_hold_the_same_numbers() -> None:
    metrics = Metrics()
    for status in (200, 201, 409, 409, 500, 503):
        metrics.route("PUT", "/a").count(status, 0.1)
        metrics.route("GET", "/b").count(status, 0.1)
    metrics.count_row(409)
    metrics.count_row(200)
    metrics.idempotent_hits, metrics.fs_retries, metrics.rate_limited = 7, 8, 3
    metrics.shed |= {"routine": 2, "central": 1}
    metrics.breaker_openings["journal"] = 4
    metrics.locks.acquired, metrics.locks.contended, metrics.locks.stolen = 21, 22, 23
    metrics.locks.expired, metrics.locks.lost, metrics.locks.release_failures = 24, 25, 26
    metrics.locks.fallbacks = metrics.locks.turns = 99
    assert await exposition_of(metrics, breaker_openings=6, snapshots=5).counters() == {
        "requests": 12,
        "errors": 4,
        "conflicts": 5,
        "idempotentHits": 7,
        "rateLimited": 3,
        "shed": 3,
        "breakerOpen": 10,
        "fsRetries": 8,
        "snapshots": 5,
        "lockAcquired": 21,
        "lockContended": 22,
        "lockStolen": 23,
        "lockExpired": 24,
        "lockLost": 25,
        "lockReleaseFailures": 26,
    }
