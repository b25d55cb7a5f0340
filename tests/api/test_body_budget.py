"""Large bodies share one memory, of which no client takes more than its share."""

import pytest

from surestock.api.body_budget import MOST_BYTES, BodyBudget
from surestock.inventory.unavailable import Overloaded
from tests.api.desk import LEVEL, Api, raw

_RESERVE = f"{LEVEL}/reserve".encode()


async def test_large_bodies_share_one_memory(api: Api) -> None:
    await api.count(5)
    chunk = b" " * 1024 * 1024
    bodies = api.app._service.bodies  # type: ignore[union-attr]  # noqa: SLF001
    for other in ("a", "b"):
        bodies.take(other, (MOST_BYTES - len(chunk)) // 2)
    headers = [(b"content-type", b"application/json")]
    body = [chunk, chunk, b"{}"]
    status, answered, content = await raw(api, "POST", _RESERVE, headers, *body)
    assert (status, answered[b"retry-after"]) == (503, b"1")
    assert b"large bodies" in content
    status, _, _ = await raw(api, "POST", _RESERVE, headers, b'{"qty":1}')
    assert status == 200
    bodies.take("c", len(chunk))


def test_one_client_takes_no_more_than_half_of_the_memory_for_bodies() -> None:
    bodies = BodyBudget(100)
    bodies.take("one", 30)
    bodies.take("one", 20)
    with pytest.raises(Overloaded):
        bodies.take("one", 1)
    bodies.take("other", 50)
    with pytest.raises(Overloaded):
        bodies.take("third", 1)
    bodies.give("one", 50)
    bodies.take("third", 50)
