"""Whatever the platform is asked belongs to the trace of the request that it is asked for."""

from typing import Any

import pytest

from surestock.telemetry.trace import TRACEPARENT
from tests.api.till import CART, CHECKOUT, Till


async def test_the_platform_is_told_the_trace_of_the_request(
    till: Till, monkeypatch: pytest.MonkeyPatch
) -> None:
    parents: list[str | None] = []
    script = till.shop.provider.script
    find_fault = script.find_fault

    def note(verb: str) -> Any:
        parents.append(TRACEPARENT.get())
        return find_fault(verb)

    monkeypatch.setattr(script, "find_fault", note)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    await till.fill()
    await till.api.post(f"{CART}/sync", traceparent=trace)
    await till.api.post(CHECKOUT, traceparent=trace)
    assert set(parents) == {trace}
    parents.clear()
    await till.fill()
    await till.api.post(CHECKOUT, traceparent="00-no-trace-01")
    assert set(parents) == {None}
