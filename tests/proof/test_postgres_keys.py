"""One key, and one level, at three processes on PostgreSQL at once, and kill -9 of some."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from tests.proof.audit import Audit
from tests.proof.crowd import opening
from tests.proof.figures import Figures
from tests.proof.ledger import Ledger
from tests.proof.patient import Patient
from tests.proof.shop import Shop
from tests.proof.test_several_adjusts import Rounds
from tests.proof.test_several_keys import Keys

_OPENED = 10_000
_TRIES = 30
_KEYS = [
    (20, 1),
    pytest.param(200, 6, marks=[pytest.mark.prove, pytest.mark.timeout(600)]),
]
_ROUNDS = [2, pytest.param(20, marks=[pytest.mark.prove, pytest.mark.timeout(900)])]


@dataclass
class ShopKeys(Keys):
    """Keys whose executions are counted in the table of records."""

    shop: Shop | None = None

    def _records(self) -> list[dict[str, Any]]:
        assert self.shop is not None
        return self.shop.records()


@dataclass
class ShopRounds(Rounds):
    """Rounds that are compared with the table of records."""

    shop: Shop | None = None

    def _records(self) -> list[dict[str, Any]]:
        assert self.shop is not None
        return self.shop.records()


def _listed(told: Counter[str]) -> str:
    return ", ".join(f"{kind} {count:,}" for kind, count in sorted(told.items()))


@pytest.mark.parametrize(("number", "kills"), _KEYS)
def test_a_key_that_three_processes_get_at_once_is_carried_out_once(
    shop: Shop, figures: Figures, number: int, kills: int
) -> None:
    several = shop.several(random.Random(number))
    several.begin()
    keys = ShopKeys(several, shop=shop)
    asyncio.run(keys.play(number, kills))
    assert keys.wrong == []
    assert keys.executions() == {f"change-{it}": 1 for it in range(number)}
    asyncio.run(Audit().judge(several.port, keys.ledger)).require_clean()
    assert several.end() == [0] * 3
    shop.require_sound()
    figures.add(
        "the same key executes once, whichever processes get it",
        f"PostgreSQL: {number} keys, each to 3 processes at once, kills: {kills}",
        f"executions 1 each, doubles 0; at first: {_listed(keys.told)}",
    )


def test_the_proof_catches_processes_that_write_down_no_keys(
    newest_shop: Shop, figures: Figures
) -> None:
    several = newest_shop.several(random.Random(1), 2, ("no-key-rows",) * 2)
    several.begin()
    keys = ShopKeys(several, shop=newest_shop)
    asyncio.run(keys.play(10, 0))
    doubles = sum(count > 1 for count in keys.executions().values())
    assert doubles > 0
    assert keys.wrong
    figures.add("tooth: no-key-rows", "10 keys, 2 processes", f"executed twice {doubles}")


@pytest.mark.parametrize("rounds", _ROUNDS)
@pytest.mark.parametrize("fails_fast", [False, True], ids=["waits", "fails fast"])
def test_what_three_processes_accept_adds_up_whichever_of_them_is_killed(
    shop: Shop, figures: Figures, rounds: int, *, fails_fast: bool
) -> None:
    """200 change one level at once, then 24 want the same version of it; one process dies."""
    dice = random.Random(rounds)
    several = shop.several(dice, LOCKS_ENABLED=str(fails_fast).lower())
    several.begin()
    crowd = Patient(lambda: several.port, Ledger(), dice)
    played = ShopRounds(several, crowd, shop=shop)
    asyncio.run(crowd.settle(opening(_OPENED)))
    for number in range(rounds):
        asyncio.run(played.play(number))
    played.judge()
    assert (played.wrong, crowd.faults) == ([], [])
    assert several.end() == [0] * 3
    assert (crowd.told["LockHeld"] > 0) == fails_fast
    shop.require_sound()
    figures.add(
        "several processes lose no update; one version has one winner",
        "PostgreSQL: 200 adjusts and 24 racers for a version on one SKU at 3 processes, who meets "
        f"another {'is refused at once' if fails_fast else 'waits'}, kill -9, {rounds} rounds",
        f"accepted {crowd.ledger.acknowledged:,}, lost 0, versions 1 to "
        f"{crowd.ledger.acknowledged:,}, no answer {crowd.lost}, told: {crowd.listed()}",
    )


def test_the_proof_catches_rows_that_are_read_and_not_locked(
    newest_shop: Shop, figures: Figures
) -> None:
    """Behind the locks stands the primary key of the versions: without it, too."""
    newest_shop.cluster.execute(
        "ALTER TABLE surestock.versions DROP CONSTRAINT versions_pkey", newest_shop.database
    )
    dice = random.Random(7)
    several = newest_shop.several(dice, 2, ("unlocked-rows",) * 2)
    several.begin()
    crowd = Patient(lambda: several.port, Ledger(), dice, patience=30)
    played = ShopRounds(several, crowd, with_kills=False, shop=newest_shop)
    asyncio.run(crowd.settle(opening(_OPENED)))
    wrong: list[str] = []
    for number in range(_TRIES):  # two that write at once must meet
        asyncio.run(played.play(number))
        played.judge()
        wrong = played.wrong + crowd.faults
        if wrong:
            break
    assert wrong
    figures.add("tooth: unlocked-rows", "200 adjusts at 2 processes", wrong[0][:120])
