"""The feed over HTTP: durable records only, in order, without a gap, in pages."""

from tests.api.desk import LEVEL, Api


async def test_the_feed_holds_every_record_in_order(api: Api) -> None:
    await api.put(LEVEL, {"onHand": 10}, idempotency_key="k")
    await api.post(f"{LEVEL}/reserve", {"qty": 99})
    await api.post(f"{LEVEL}/reserve", {"qty": 3})
    page = (await api.get("/events")).json()
    assert page["nextAfter"] == 2
    first, second = page["items"]
    assert first == {
        "sequence": 1,
        "id": "bootboot-1",
        "ts": "2026-01-01T00:00:00Z",
        "actor": "anonymous",
        "events": [
            {"type": "StockCounted", "storeId": "berlin", "sku": "apple", "onHand": 10, "delta": 10}
        ],
        "levels": [
            {
                "storeId": "berlin",
                "sku": "apple",
                "onHand": 10,
                "reserved": 0,
                "version": 1,
                "updatedAt": "2026-01-01T00:00:00Z",
            }
        ],
    }
    assert second["sequence"] == 2
    assert second["events"][0]["type"] == "StockReserved"


async def test_the_feed_comes_in_pages(api: Api) -> None:
    for _ in range(5):
        await api.count(10)
    seen: list[int] = []
    after = 0
    while True:
        page = (await api.get(f"/events?after={after}&limit=2")).json()
        if not page["items"]:
            break
        seen += [item["sequence"] for item in page["items"]]
        after = page["nextAfter"]
    assert seen == [1, 2, 3, 4, 5]
    assert page["nextAfter"] == 5
