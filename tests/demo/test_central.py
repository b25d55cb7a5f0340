"""The demo's reader of the central view: synced first, then every page, and nothing made up."""

from typing import Any

import pytest

from demo.central import Product, read_central
from demo.oracle import Level
from demo.till import Answer, UnexpectedAnswer

pytestmark = pytest.mark.anyio


class Office:
    """Answers from a script, and remembers what it was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = iter(answers)
        self.asked: list[str] = []

    async def send(
        self, method: str, target: str, body: object = None, *, key: str | None = None
    ) -> Answer:
        self.asked.append(f"{method} {target}")
        return next(self._answers)


def _page(sku: str, cursor: str | None) -> Answer:
    store = {"qty": 3, "onHand": 5, "reserved": 2, "version": 7, "updatedAt": "…"}
    item: dict[str, Any] = {"sku": sku, "qty": 3, "onHand": 5, "reserved": 2, "diverged": False}
    return Answer(200, {"items": [{**item, "stores": {"s": store}}], "nextCursor": cursor})


SYNCED = Answer(200, {"applied": 2, "deadLettered": 0, "appliedSequence": 9})


async def test_every_page_is_read_once_the_view_is_level_with_the_log() -> None:
    office = Office(SYNCED, _page("a", "next"), _page("b", None))
    central = await read_central(office.send)
    assert office.asked == [
        "POST /sync",
        "GET /central/inventory?limit=1000",
        "GET /central/inventory?limit=1000&cursor=next",
    ]
    product = Product(5, 2, 3, diverged=False, stores={"s": Level(5, 2, 3, 7)})
    assert central.products == {"a": product, "b": product}
    assert central.applied_sequence == 9


@pytest.mark.parametrize("answers", [(Answer(404, {}),), (SYNCED, Answer(400, {}))])
async def test_an_answer_that_is_no_success_is_told(answers: tuple[Answer, ...]) -> None:
    with pytest.raises(UnexpectedAnswer):
        await read_central(Office(*answers).send)
