"""Refusals are remembered by key, a bounded number of them, and without what raised them."""

import gc
import weakref

import pytest

from surestock.idempotency import IdempotencyConflict, IdempotencyKey, RefusalMemory, make_key
from surestock.kit.errors import Refusal


class Declined(Refusal):
    """A refusal with something to carry, made as the domain makes its own."""

    def __init__(self, available: int) -> None:
        super().__init__(f"only {available}")
        self.available = available


class Witness:
    """Lives as long as the frame that it is a local of."""


def key(name: str, fingerprint: str = "f") -> IdempotencyKey:
    return make_key("ann", "POST", "/p", name, fingerprint)


def refuse(memory: RefusalMemory, name: str, available: int = 3) -> weakref.ref[Witness]:
    """Raise and remember a refusal, as an engine does; return a witness of the frame."""
    witness = Witness()
    try:
        raise Declined(available)
    except Refusal as refusal:
        refusal.request_id = "req-1"
        memory.remember(key(name), refusal)
    return weakref.ref(witness)


def found(memory: RefusalMemory, name: str) -> Declined:
    refusal = memory.find(key(name))
    assert isinstance(refusal, Declined)
    return refusal


def test_the_same_refusal_is_the_answer_again_with_the_first_request_in_it() -> None:
    memory = RefusalMemory(10)
    refuse(memory, "k", available=3)
    again = found(memory, "k")
    assert (again.available, str(again), again.request_id) == (3, "only 3", "req-1")


def test_a_key_that_was_not_refused_is_not_found() -> None:
    assert RefusalMemory(10).find(key("k")) is None


def test_the_same_key_with_another_payload_is_a_conflict() -> None:
    memory = RefusalMemory(10)
    refuse(memory, "k")
    with pytest.raises(IdempotencyConflict, match="'k'"):
        memory.find(key("k", "other"))


def test_the_oldest_refusal_goes_when_there_are_too_many() -> None:
    memory = RefusalMemory(3)
    for name in "abcd":
        refuse(memory, name)
    assert memory.find(key("a")) is None
    assert all(memory.find(key(name)) is not None for name in "bcd")


def test_a_remembered_refusal_keeps_no_frame_alive() -> None:
    memory = RefusalMemory(10)
    witness = refuse(memory, "k")
    gc.collect()
    assert witness() is None
    assert found(memory, "k").__traceback__ is None


def test_a_refusal_that_is_raised_again_and_again_does_not_grow() -> None:
    memory = RefusalMemory(10)
    refuse(memory, "k")
    for _ in range(5):
        with pytest.raises(Declined) as caught:
            raise found(memory, "k")
        assert len(caught.traceback) == 1


def test_two_who_raise_the_same_refusal_at_once_do_not_share_a_traceback() -> None:
    memory = RefusalMemory(10)
    refuse(memory, "k")
    one, other = found(memory, "k"), found(memory, "k")
    with pytest.raises(Declined):
        raise one
    assert other.__traceback__ is None


def test_whether_a_key_was_refused_can_be_told_without_its_payload() -> None:
    memory = RefusalMemory(1)
    refuse(memory, "k")
    assert memory.holds(key("k").digest)
    assert memory.holds(key("k", "other").digest)
    assert not memory.holds(key("j").digest)
    refuse(memory, "j")
    assert not memory.holds(key("k").digest)
