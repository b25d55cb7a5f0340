"""The Accept header, where a resource has a form to choose or none that fits."""

from surestock.api.call import Call
from surestock.api.errors import NotAcceptable


def require(call: Call, *offered: str) -> str:
    """Return the offered type that Accept likes best; the first one on a tie or without Accept.

    Raises :class:`NotAcceptable` when it likes none.
    """
    header = call.headers.get(b"accept")
    if not header:
        return offered[0]
    wanted = [_read(part) for part in header.decode("latin-1").split(",")]
    best = max(offered, key=lambda media_type: _quality(media_type, wanted))
    if _quality(best, wanted) == 0:
        raise NotAcceptable(" or ".join(offered))
    return best


def _read(part: str) -> tuple[str, float]:
    media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return media_range, min(1.0, max(0.0, float(parameter[2:])))
            except ValueError:
                return media_range, 0.0
    return media_range, 1.0


def _quality(media_type: str, wanted: list[tuple[str, float]]) -> float:
    """Return how well a type is liked: the most specific range that fits it decides."""
    for media_range in (media_type, media_type.partition("/")[0] + "/*", "*/*"):
        fitting = [quality for given, quality in wanted if given == media_range]
        if fitting:
            return max(fitting)
    return 0.0
