"""How the end of a checkout is answered, and how one that has not ended yet."""

from surestock.api.answer import JSON, REPLAYED, Answer, encode
from surestock.checkout.ask import CheckoutEnd

_OK = 200
_ACCEPTED = 202
_ASK_AGAIN_S = 2


def status_url(user_id: str) -> str:
    """Return where the state of a user's checkout is."""
    return f"/carts/{user_id}/checkout"


def end_answer(user_id: str, end: CheckoutEnd) -> Answer:
    """Answer with the order; or, while there is none to be sure of, with where to ask for it."""
    if end.body is None:
        url = status_url(user_id)
        return Answer(
            _ACCEPTED,
            encode({"checkoutStatus": end.status, "statusUrl": url}),
            [JSON, (b"location", url.encode()), (b"retry-after", b"%d" % _ASK_AGAIN_S)],
        )
    return Answer(_OK, bytes(end.body), [JSON, *_told(end)])


def state_answer(body: object, end: CheckoutEnd) -> Answer:
    """Answer with a checkout as it stands after ``end``."""
    return Answer(_OK, encode(body), [JSON, *_told(end)])


def _told(end: CheckoutEnd) -> list[tuple[bytes, bytes]]:
    headers = []
    if end.sequence is not None:
        headers.append((b"x-commit-sequence", b"%d" % end.sequence))
    if end.replayed:
        headers.append(REPLAYED)
    return headers
