"""A buyer keeps his key until there is an end, takes a new one after that, and invents nothing."""

from typing import Any

import pytest

from demo.checkout import buyer
from demo.checkout.books import Receipt
from demo.checkout.buyer import Buyer
from demo.checkout.cards import Cards
from demo.checkout.wish import Wish
from demo.till import Answer, UnexpectedAnswer

BOUGHT = Answer(200, {"orderNumber": "A1"})
GOING = Answer(202, {"checkoutStatus": "unknown"})
SOLD_OUT = Answer(409, {"error": "InsufficientStock"})
DECLINED = Answer(402, {"error": "PaymentDeclined"})
CONFLICT = Answer(409, {"error": "ProviderConflict"})


class Service:
    """Takes every change to a cart, and answers checkouts as it is told."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.keys: list[str] = []
        self.cards: list[str] = []
        self.changes: list[tuple[str, str, Any]] = []

    async def send(
        self, method: str, target: str, body: Any = None, *, key: str | None = None
    ) -> Answer:
        if not target.endswith("/checkout"):
            self.changes.append((method, target, body))
            return Answer(200, {})
        self.keys.append(str(key).removeprefix("ann-checkout-"))
        self.cards.append(body["payment"]["token"])
        return self._answers.pop(0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buyer, "PAUSE_S", 0.0)


async def _shop(service: Service, **more: Any) -> Receipt:
    wish = Wish("ann", "phone-01", 1, (), "calm", clicks=1, one_key=True)._replace(**more)
    receipt = Receipt("ann")
    cards = Cards({"token": "good"}, {"token": "bad"})
    await Buyer(wish, [service.send] * 5, receipt, cards).buy()
    return receipt


async def test_without_an_end_the_same_key_is_sent_again() -> None:
    service = Service(GOING, GOING, Answer(502, {"error": "ProviderError"}), BOUGHT)
    receipt = await _shop(service)
    assert service.keys == ["0", "0", "0", "0"]
    assert (receipt.end, receipt.orders) == ("bought", {"A1"})


async def test_whoever_hears_of_no_end_leaves_and_claims_no_order() -> None:
    receipt = await _shop(Service(*[GOING] * buyer.ASKS))
    assert (receipt.end, receipt.orders) == ("unsure", set())


async def test_a_second_card_is_a_new_wish_under_a_new_key() -> None:
    service = Service(DECLINED, BOUGHT)
    assert (await _shop(service, temper="declined")).end == "bought"
    assert list(zip(service.keys, service.cards, strict=True)) == [("0", "bad"), ("1", "good")]


async def test_whoever_has_no_other_card_goes_home() -> None:
    assert (await _shop(Service(DECLINED), temper="insolvent")).end == "declined"


async def test_whoever_wanted_two_settles_for_one() -> None:
    service = Service(SOLD_OUT, SOLD_OUT)
    receipt = await _shop(service, qty=2)
    assert service.changes[-1] == ("PATCH", "/carts/ann/items/phone-01", {"qty": 1})
    assert service.keys == ["0", "1"]
    assert (receipt.end, receipt.holds["phone-01"]) == ("sold out", 1)


async def test_after_a_conflict_it_is_tried_anew_but_not_for_ever() -> None:
    service = Service(*[CONFLICT] * buyer.TRIES)
    assert (await _shop(service)).end == "refused"
    assert service.keys == ["0", "1", "2", "3", "4", "5"]


@pytest.mark.parametrize(("one_key", "keys"), [(True, ["0"] * 3), (False, ["0-0", "0-1", "0-2"])])
async def test_a_double_click_is_several_requests_at_once(one_key: bool, keys: list[str]) -> None:  # noqa: FBT001
    service = Service(BOUGHT, Answer(200, {"orderNumber": "A2"}), GOING, BOUGHT)
    receipt = await _shop(service, temper="impatient", clicks=3, one_key=one_key)
    assert service.keys[:3] == keys
    assert receipt.orders == {"A1", "A2"}


async def test_whoever_changes_the_cart_knows_what_it_holds() -> None:
    receipt = await _shop(Service(BOUGHT), temper="fickle")
    assert +receipt.holds == {"phone-01": 2}


@pytest.mark.parametrize(
    "told", [Answer(404, {"error": "NotFound"}), Answer(409, {"error": "CartEmpty"})]
)
async def test_an_answer_that_makes_no_sense_ends_the_demo(told: Answer) -> None:
    with pytest.raises(ExceptionGroup) as group:
        await _shop(Service(told))
    assert group.group_contains(UnexpectedAnswer)
