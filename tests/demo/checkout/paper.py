"""The books of a small, honest day: two buyers bought, one is unknown, one found nothing left."""

from collections import Counter

from demo.checkout.books import Books, PaidOrder, Receipt, Story
from demo.oracle import Level

PHONE, PLAN = "phone-01", "plan-unlimited"


def honest() -> Books:
    """Return books that agree: three phones of four are sold, the last one is still reserved."""
    return Books(
        receipts={
            "ann": Receipt("ann", Counter({PHONE: 2, PLAN: 1}), {"A1"}, "bought"),
            "bob": Receipt("bob", Counter({PHONE: 1, "case": 0}), {"B1"}, "bought"),
            "cid": Receipt("cid", Counter({PHONE: 1}), set(), "unsure"),
            "dan": Receipt("dan", Counter({PHONE: 1}), set(), "sold out"),
        },
        stories={
            "try-a": Story("try-a", "ann", ("A1",)),
            "try-b": Story("try-b", "bob", ("B1",)),
            "try-c": Story("try-c", "cid", ()),
        },
        states={"ann": "completed", "bob": "completed", "cid": "unknown", "dan": "pending"},
        orders=(
            PaidOrder("A1", "try-a", "ann", 1, Counter({PHONE: 2, PLAN: 1})),
            PaidOrder("B1", "try-b", "bob", 1, Counter({PHONE: 1})),
        ),
        opening=Counter({PHONE: 4}),
        levels={PHONE: Level(on_hand=1, reserved=1, available=0, version=9)},
    )


def paid(
    user: str = "cid", attempt: str = "try-c", units: int = 1, *, number: str = "C1", times: int = 1
) -> PaidOrder:
    """Return one more order of the platform's."""
    return PaidOrder(number, attempt, user, times, Counter({PHONE: units}))
