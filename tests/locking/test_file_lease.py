"""A lease has one owner at a time, lasts as long as it says, and is known by its token."""

import pytest

from surestock.locking.lease import FileLeases, LeaseHeld, LeaseLost
from tests.locking.lessees import TTL_S, Lessees


def test_a_lease_says_whose_it_is_and_until_when(lessees: Lessees) -> None:
    lessees.clock.advance(100)
    lease = lessees.owner("anna").acquire("store/tea", TTL_S)
    assert (lease.key, lease.owner, lease.expires_at) == ("store/tea", "anna", 100 + TTL_S)
    assert not lease.stolen


def test_only_one_of_many_owners_gets_it(lessees: Lessees) -> None:
    owners = [lessees.owner(f"owner-{number}") for number in range(20)]
    owners[7].acquire("k", TTL_S, "what it is for")
    for owner in owners:
        with pytest.raises(LeaseHeld) as held:
            owner.acquire("k", TTL_S)
        assert (held.value.key, held.value.holder) == ("k", "owner-7")
        assert held.value.about == "what it is for"


def test_leases_on_other_keys_do_not_concern_each_other(anna: FileLeases, ben: FileLeases) -> None:
    for number in range(300):
        (anna if number % 2 else ben).acquire(f"k-{number}", TTL_S)
    for number in range(300):
        with pytest.raises(LeaseHeld):
            anna.acquire(f"k-{number}", TTL_S)


def test_a_released_lease_is_free_at_once_and_its_file_is_gone(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    lease = anna.acquire("k", TTL_S)
    assert len(lessees.lease_files()) == 1
    anna.release(lease)
    assert lessees.lease_files() == []
    assert not ben.acquire("k", TTL_S).stolen


def test_a_lease_can_be_stolen_when_its_time_is_over_and_not_before(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S * 0.999)
    with pytest.raises(LeaseHeld):
        ben.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S * 0.001)
    assert ben.acquire("k", TTL_S).stolen
    with pytest.raises(LeaseHeld, match="ben"):
        anna.acquire("k", TTL_S)


def test_a_renewed_lease_lasts_longer_and_keeps_its_token(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    lease = anna.acquire("k", TTL_S, "about")
    lessees.clock.advance(TTL_S / 2)
    renewed = anna.renew(lease, TTL_S)
    assert renewed.token == lease.token
    assert renewed.expires_at == lease.expires_at + TTL_S / 2
    lessees.clock.advance(TTL_S * 0.9)
    with pytest.raises(LeaseHeld) as held:
        ben.acquire("k", TTL_S)
    assert held.value.about == "about"
    lessees.clock.advance(TTL_S * 0.1)
    assert ben.acquire("k", TTL_S).stolen


def test_a_lease_whose_time_is_over_can_be_renewed_while_nobody_else_came(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    lease = anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S * 50)
    anna.renew(lease, TTL_S)
    with pytest.raises(LeaseHeld):
        ben.acquire("k", TTL_S)


@pytest.mark.parametrize("released", [False, True])
def test_who_was_superseded_can_neither_renew_nor_release(
    anna: FileLeases, ben: FileLeases, lessees: Lessees, *, released: bool
) -> None:
    old = anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S)
    new = ben.acquire("k", TTL_S)
    if released:
        ben.release(new)
    for verb in (lambda: anna.renew(old, TTL_S), lambda: anna.release(old)):
        with pytest.raises(LeaseLost) as lost:
            verb()
        assert lost.value.key == "k"
    if not released:
        ben.release(ben.renew(new, TTL_S))


def test_an_earlier_lease_of_the_same_owner_is_superseded_too(
    anna: FileLeases, lessees: Lessees
) -> None:
    old = anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S)
    new = anna.acquire("k", TTL_S)
    with pytest.raises(LeaseLost):
        anna.release(old)
    with pytest.raises(LeaseLost):
        anna.renew(old, TTL_S)
    anna.release(new)


def test_another_owner_cannot_renew_or_release_with_the_right_token(
    anna: FileLeases, ben: FileLeases
) -> None:
    lease = anna.acquire("k", TTL_S)
    with pytest.raises(LeaseLost):
        ben.release(type(lease)(lease.key, "ben", lease.token, lease.expires_at))
    anna.release(lease)


def test_nothing_of_a_longer_lease_spoils_a_shorter_one(anna: FileLeases, ben: FileLeases) -> None:
    for about in ("x" * 5_000, "x", "x" * 300, ""):
        lease = anna.renew(anna.acquire("k", TTL_S, about), TTL_S)
        with pytest.raises(LeaseHeld) as held:
            ben.acquire("k", TTL_S)
        assert held.value.about == about
        anna.release(lease)


def test_a_lease_is_released_once(anna: FileLeases) -> None:
    lease = anna.acquire("k", TTL_S)
    anna.release(lease)
    with pytest.raises(LeaseLost):
        anna.release(lease)


def test_it_is_locked_as_long_as_somebody_has_it(
    anna: FileLeases, ben: FileLeases, lessees: Lessees
) -> None:
    assert not ben.is_locked("k")
    lease = anna.acquire("k", TTL_S)
    assert ben.is_locked("k")
    assert anna.is_locked("k")
    anna.release(lease)
    assert not ben.is_locked("k")
    anna.acquire("k", TTL_S)
    lessees.clock.advance(TTL_S)
    assert not ben.is_locked("k")


def test_a_lease_of_another_boot_is_over_whatever_the_clock_says(lessees: Lessees) -> None:
    lease = lessees.owner("anna").acquire("k", TTL_S)
    lessees.reboot()
    ben = lessees.owner("ben")
    assert not ben.is_locked("k")
    assert ben.acquire("k", TTL_S).stolen
    anna = lessees.owner("anna")
    with pytest.raises(LeaseLost):
        anna.renew(lease, TTL_S)


def test_a_lease_of_another_boot_is_not_ones_own(lessees: Lessees) -> None:
    lease = lessees.owner("anna").acquire("k", TTL_S)
    lessees.reboot()
    with pytest.raises(LeaseLost):
        lessees.owner("anna").renew(lease, TTL_S)


@pytest.mark.parametrize("ttl_s", [0, -1, 3_600.5, float("inf"), float("nan")])
def test_a_lease_for_no_time_or_for_ever_is_refused(anna: FileLeases, ttl_s: float) -> None:
    with pytest.raises(ValueError, match="a lease lasts"):
        anna.acquire("k", ttl_s)
    anna.acquire("k", 3_600)


def test_a_lease_that_is_too_long_to_be_read_again_is_not_written(
    anna: FileLeases, lessees: Lessees
) -> None:
    with pytest.raises(ValueError, match="bytes"):
        anna.acquire("k", TTL_S, "x" * 20_000)
    assert lessees.lease_files() == []


def test_a_probe_leaves_nothing_behind_but_guard_and_spare_file(
    anna: FileLeases, lessees: Lessees
) -> None:
    for _ in range(3):
        anna.probe()
        lessees.clock.advance(1)
    assert {name.partition("-")[0] for name in lessees.names()} == {"guard", "spare"}
