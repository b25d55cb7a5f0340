"""Whoever else is about a user's checkout or cart waits for the process that is, or is put off."""

import asyncio

import pytest

from surestock.checkout.ask import PersonsWord
from surestock.checkout.errors import CheckoutResolved
from surestock.commerce.errors import Unavailable
from surestock.inventory.unavailable import Overloaded
from surestock.mirror import SyncFailed
from tests.checkout.row import Row, clicks, played


def test_a_persons_word_waits_for_whoever_is_at_it_and_is_put_off_after_a_while() -> None:
    async def story(row: Row) -> None:
        first, second, third = row.processes
        first.shop.provider.script.lose_answer()
        for process in row.processes:
            process.shop.provider.script.fail("find_order", lambda: Unavailable("away"), times=99)
        assert (await clicks(first, "k-1")).status == "unknown"
        attempt_id = (await row.last.shop.checkout()).attempt.attempt_id
        word = PersonsWord("ann", attempt_id, None, "not there", "boss", "r-1")
        kept = row.kernel.locks()
        assert await kept.try_lock("ann")
        with pytest.raises(Overloaded):
            await second.ask(lambda: second.shop.desk.resolve(word))
        waits = asyncio.ensure_future(second.ask(lambda: second.shop.desk.resolve(word)))
        await asyncio.sleep(1.0)
        kept.unlock("ann")
        assert (await waits).status == "failed"
        with pytest.raises(CheckoutResolved):
            await third.ask(lambda: third.shop.desk.resolve(word))

    played(story)


def test_a_sync_waits_for_whoever_is_at_the_cart_and_fails_after_a_while() -> None:
    async def story(row: Row) -> None:
        kept = row.kernel.locks()
        assert await kept.try_lock("ann")
        mirrors = row.last.shop.mirrors
        with pytest.raises(SyncFailed):
            await mirrors.sync("ann", "ann", "r-1")
        waits = asyncio.ensure_future(mirrors.sync("ann", "ann", "r-1"))
        await asyncio.sleep(1.0)
        kept.unlock("ann")
        assert (await waits).mirror.state == "synced"

    played(story)
