"""The condition of a read: the client has an answer already, and asks whether it still stands."""

from surestock.api.answer import JSON, Answer
from surestock.api.call import Call

_ETAG = b"etag"


def unless_known(call: Call, answer: Answer) -> Answer:
    """Return ``answer``, or one without a body when If-None-Match holds its ETag."""
    known = call.headers.get(b"if-none-match")
    if known is None:
        return answer
    tags = [tag.strip().removeprefix(b"W/") for tag in known.split(b",")]
    if known == b"*" or dict(answer.headers)[_ETAG] in tags:
        return Answer(304, b"", [header for header in answer.headers if header != JSON])
    return answer
