"""What is told of the commerce platform, of carts and of checkouts."""

from surestock.commerce.observer import OUTCOMES, VERBS
from surestock.telemetry.commerce import FAILURES, CartFigures
from surestock.telemetry.metrics import Metrics
from tests.telemetry.shown import text_of, values


async def test_every_call_is_shown_by_verb_and_outcome_before_there_is_one() -> None:
    metrics = Metrics()
    metrics.commerce.expect(VERBS, OUTCOMES)
    calls = await values(metrics, "surestock_commerce_calls_total")
    assert calls == {(outcome, verb): 0 for verb in VERBS for outcome in OUTCOMES}


async def test_a_call_is_counted_and_timed() -> None:
    metrics = Metrics()
    metrics.commerce.expect(VERBS, OUTCOMES)
    metrics.commerce.count("place_order", "too_slow", 10.5)
    calls = await values(metrics, "surestock_commerce_calls_total")
    assert {who for who, count in calls.items() if count} == {("too_slow", "place_order")}
    text = await text_of(metrics)
    name = "surestock_commerce_call_duration_seconds"
    assert f'{name}_bucket{{le="10.0",verb="place_order"}} 0.0' in text
    assert f'{name}_sum{{verb="place_order"}} 10.5' in text
    assert f'{name}_count{{verb="find_order"}} 0.0' in text


async def test_every_way_for_a_checkout_to_end_is_shown_before_one_has() -> None:
    results = await values(Metrics(), "surestock_checkouts_total")
    assert results == {(result,): 0 for result in ("completed", *FAILURES)}


async def test_what_others_count_is_asked_when_somebody_looks() -> None:
    metrics = Metrics()
    metrics.commerce.carts = lambda: CartFigures(
        synced=1,
        sync_failed=2,
        sync_pending=3,
        recreated=4,
        queue_refused=5,
        completed=6,
        failed={"PaymentDeclined": 7, "SomethingNew": 1},
        doubted=8,
        resolved=9,
        open=10,
        stuck=11,
        closed_carts=12,
        dropped_carts=13,
    )
    assert await values(metrics, "surestock_cart_syncs_total") == {("synced",): 1, ("failed",): 2}
    assert await values(metrics, "surestock_carts_let_go_total") == {("bought",): 12, ("idle",): 13}
    results = await values(metrics, "surestock_checkouts_total")
    assert {result: count for result, count in results.items() if count} == {
        ("completed",): 6,
        ("PaymentDeclined",): 7,
        ("SomethingNew",): 1,
    }
    alone = {
        "cart_syncs_pending": 3,
        "carts_recreated_total": 4,
        "cart_queue_refused_total": 5,
        "checkouts_doubted_total": 8,
        "checkouts_resolved_total": 9,
        "checkouts_open": 10,
        "checkouts_stuck": 11,
    }
    for name, count in alone.items():
        assert await values(metrics, f"surestock_{name}") == {(): count}
