"""How the platform's cart stands to ours: told by version, and never a change of ours."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from surestock.cart.commands import AddItem, NoteMirror, RemoveItem
from surestock.cart.model import Mirror
from surestock.cart.refusals import Superseded
from surestock.inventory.invariants import InvariantViolation
from tests.cart.shop import ANN, BOB, CONTEXT, PLAN, Shop, begun, complete, with_cart


def synced(shop: Shop, version: int | None = None) -> NoteMirror:
    cart = shop.cart()
    return NoteMirror(ANN, cart.cart_id, CONTEXT, cart.version if version is None else version)


def failed(shop: Shop) -> NoteMirror:
    return NoteMirror(ANN, shop.cart().cart_id, None, error="No answer.")


def test_a_cart_is_pending_until_the_platform_has_its_version() -> None:
    shop = with_cart()
    assert shop.cart().mirror == Mirror()
    before = shop.cart()
    shop.clock.advance(4)
    shop.do(synced(shop))
    mirror = Mirror("synced", CONTEXT, 2, shop.now)
    assert shop.cart() == replace(before, mirror=mirror)


def test_a_version_that_ours_has_left_behind_is_pending() -> None:
    shop = with_cart()
    shop.do(synced(shop, 1))
    assert (shop.cart().mirror.state, shop.cart().mirror.synced_version) == ("pending", 1)


@pytest.mark.parametrize("change", [AddItem(ANN, PLAN, 1), RemoveItem(ANN, PLAN)])
def test_a_change_of_ours_makes_it_pending_and_the_context_stays(
    change: AddItem | RemoveItem,
) -> None:
    shop = with_cart()
    shop.do(synced(shop))
    at = shop.now
    shop.clock.advance(4)
    shop.do(change)
    assert shop.cart().mirror == Mirror("pending", CONTEXT, 2, at)


def test_a_failure_is_kept_with_what_was_known_before() -> None:
    shop = with_cart()
    shop.do(synced(shop))
    at = shop.now
    shop.clock.advance(4)
    shop.do(failed(shop))
    assert shop.cart().mirror == Mirror("failed", None, 2, at, "No answer.")
    assert shop.cart().version == 2
    shop.do(AddItem(ANN, PLAN, 1))
    assert shop.cart().mirror == Mirror("pending", None, 2, at)


def test_a_note_about_another_cart_is_not_taken() -> None:
    shop = with_cart()
    shop.refused(Superseded, NoteMirror(ANN, "r1", CONTEXT, 1))
    shop.refused(Superseded, NoteMirror(BOB, shop.cart().cart_id, CONTEXT, 1))


def test_a_cart_that_is_being_bought_can_still_be_synced() -> None:
    shop = begun()
    shop.do(synced(shop))
    assert shop.cart().mirror.state == "synced"
    complete(shop)
    shop.do(failed(shop))
    assert shop.cart().mirror.state == "failed"


def test_the_last_look_never_goes_back() -> None:
    shop = with_cart()
    opened = shop.now
    late, early = opened + timedelta(seconds=9), opened + timedelta(seconds=5)
    shop.do(replace(synced(shop), accessed_at=late))
    assert shop.cart().accessed_at == late
    shop.do(replace(failed(shop), accessed_at=early))
    assert shop.cart().accessed_at == late
    shop.clock.advance(5)
    shop.do(AddItem(ANN, PLAN, 1))
    assert (shop.cart().accessed_at, shop.cart().updated_at) == (late, early)
    shop.do(synced(shop))
    assert shop.cart().accessed_at == late


@pytest.mark.parametrize("version", [-1, 3])
def test_a_version_that_never_was_is_a_defect(version: int) -> None:
    shop = with_cart()
    with pytest.raises(InvariantViolation, match="was synced before"):
        shop.do(synced(shop, version))


def test_a_note_that_says_nothing_is_a_defect() -> None:
    shop = with_cart()
    with pytest.raises(InvariantViolation, match="neither a version nor an error"):
        shop.do(NoteMirror(ANN, shop.cart().cart_id, CONTEXT))
