"""Only a probe ends an outage: what was asked before it began tells nothing of now."""

from surestock.kit.clock import ManualClock
from surestock.locking.outage import Outage
from surestock.resilience.breaker import BreakerConfig, BreakerState
from surestock.telemetry.log import make_log


def _outage(clock: ManualClock, lines: list[bytes]) -> Outage:
    log = make_log(lines.append, clock, "info")
    return Outage(BreakerConfig(threshold=2, cooldown_s=5.0), clock.monotonic, log)


def test_a_late_success_does_not_end_an_outage() -> None:
    clock = ManualClock()
    outage = _outage(clock, [])
    for _ in range(2):
        outage.failed(OSError(30, "Read-only file system"))
    outage.worked()
    assert outage.is_on
    clock.advance(5)
    assert outage.try_probe()
    outage.worked()
    assert outage.is_on
    outage.probed(None)
    assert not outage.is_on


def test_a_success_between_failures_keeps_an_outage_from_beginning() -> None:
    outage = _outage(ManualClock(), [])
    for _ in range(5):
        outage.failed(OSError(30, "Read-only file system"))
        outage.worked()
    assert outage.state is BreakerState.CLOSED


def test_each_outage_is_logged_once_at_its_beginning_and_once_at_its_end() -> None:
    clock, lines = ManualClock(), list[bytes]()
    outage = _outage(clock, lines)
    for outages in (1, 2):
        for _ in range(5):
            outage.failed(OSError(30, "Read-only file system"))
        for error in (OSError(30, "Read-only file system"), None):
            clock.advance(5)
            assert outage.try_probe()
            outage.probed(error)
        assert len(lines) == 2 * outages
    assert b"Read-only file system" in lines[0]
