"""What a process brings along to share its data: a name of its own, its leases, a user's turns."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from surestock.engine.log import LogObserver
from surestock.engine.log.shared import SharedLogEngine
from surestock.kit.clock import ManualClock
from surestock.locking import LeaseConfig
from surestock.resilience.breaker import BreakerConfig
from surestock.runtime import sharing
from surestock.runtime.errors import StartRefused
from surestock.runtime.fleet.seat import Seat
from surestock.runtime.log_config import log_config
from surestock.runtime.settings import Settings
from surestock.runtime.sharing import make_shared_engine, make_user_locks
from surestock.telemetry.log import make_log
from surestock.telemetry.metrics import Metrics

Make = Callable[..., tuple[LeaseConfig, int]]


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Make:
    """Return a way to see with which leases, and which Retry-After, an engine is made."""

    def made(seat: Seat | None = None, **settings: Any) -> tuple[LeaseConfig, int]:
        seen: list[Any] = []

        def leases(config: LeaseConfig, *_: object, **__: object) -> None:
            seen.append(config)

        def engine(*args: Any) -> SharedLogEngine:
            seen.append(args[-1])
            return SharedLogEngine(*args)

        monkeypatch.setattr(sharing, "Leases", leases)
        monkeypatch.setattr(sharing, "SharedLogEngine", engine)
        chosen = Settings(data_dir=tmp_path, locks_enabled=True, **settings)
        clock = ManualClock()
        log = make_log(lambda _line: None, clock, "info")
        config = log_config(chosen)
        make_shared_engine(config, chosen, clock, LogObserver(), Metrics(), log, seat)
        return seen[0], seen[1]

    return made


def test_without_a_name_each_process_gets_one_that_no_other_ever_has(make: Make) -> None:
    owners = [make()[0].owner for _ in range(3)]
    assert len(set(owners)) == 3
    assert all(owner.startswith(f"{os.getpid()}-") for owner in owners)


def test_a_process_alone_has_the_name_that_it_was_given(make: Make) -> None:
    assert make(lock_owner_id="till-4")[0].owner == "till-4"


def test_processes_of_one_parent_have_its_name_and_their_slot(make: Make) -> None:
    owners = [make(Seat(slot, 3), lock_owner_id="till-4")[0].owner for slot in range(3)]
    assert owners == ["till-4-0", "till-4-1", "till-4-2"]


def test_the_seat_alone_is_no_name(make: Make) -> None:
    assert make(Seat(1, 3))[0].owner != make(Seat(1, 3))[0].owner


@pytest.mark.parametrize(
    ("retry_after_ms", "told_s"), [(1, 1), (300, 1), (1000, 1), (1001, 2), (1999, 2), (60_000, 60)]
)
def test_retry_after_is_told_in_whole_seconds_rounded_up(
    make: Make, retry_after_ms: int, told_s: int
) -> None:
    assert make(lock_retry_after_ms=retry_after_ms)[1] == told_s


def test_leases_stand_inside_the_data_directory_or_where_it_is_said(
    make: Make, tmp_path: Path
) -> None:
    assert make()[0].directory == tmp_path / "locks"
    assert make(lock_dir=Path("elsewhere"))[0].directory == Path("elsewhere")


def test_times_are_told_in_seconds_and_the_breaker_is_every_breaker_s(make: Make) -> None:
    config, _ = make(
        lock_ttl_ms=1500, lock_renew_ms=700, breaker_threshold=7, breaker_cooldown_ms=250
    )
    assert (config.ttl_s, config.renew_s) == (1.5, 0.7)
    assert config.breaker == BreakerConfig(7, 0.25)


def test_a_user_s_turn_of_one_process_is_no_other_s(tmp_path: Path) -> None:
    config = log_config(Settings(data_dir=tmp_path))
    one, other = make_user_locks(config), make_user_locks(config)
    assert one.try_lock("ann")
    assert not other.try_lock("ann")
    assert other.try_lock("bob")
    one.close()
    assert other.try_lock("ann")
    other.close()


def test_the_turns_of_users_stand_beside_the_log_and_make_its_folder(tmp_path: Path) -> None:
    config = log_config(Settings(data_dir=tmp_path / "new"))
    make_user_locks(config).close()
    assert [it.name for it in config.directory.iterdir()] == ["turns"]


@pytest.mark.parametrize("place", ["event-log", "event-log/turns"])
def test_a_data_directory_that_cannot_be_shared_is_refused_in_one_sentence(
    tmp_path: Path, place: str
) -> None:
    config = log_config(Settings(data_dir=tmp_path))
    (tmp_path / place).parent.mkdir(exist_ok=True)
    # In place of the folder a file, in place of the file a link.
    target = tmp_path / "target"
    target.write_bytes(b"precious")
    (tmp_path / place).symlink_to(target)
    with pytest.raises(StartRefused) as refused:
        make_user_locks(config)
    message = str(refused.value)
    assert message.startswith(f"DATA_DIR={tmp_path} cannot be shared: ")
    assert message.endswith(".")
    assert "\n" not in message
    assert target.read_bytes() == b"precious"
