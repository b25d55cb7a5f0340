"""What pydantic found wrong, as JSON pointers (RFC 6901) by the names that the client used."""

from collections.abc import Sequence

from pydantic import ValidationError

from surestock.api.errors import Fault, Place

_TAGGED_LIST = "operations"


def faults_of(error: ValidationError, place: Place, *, tagged: bool = False) -> list[Fault]:
    """Return one fault for each of pydantic's errors. The input itself is never repeated.

    ``tagged`` tells that the value is one row of a batch, whose places begin with its tag.
    """
    return [
        Fault(place, pointer(found["loc"][1:] if tagged else found["loc"]), found["msg"])
        for found in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def pointer(location: Sequence[int | str]) -> str:
    """Return the JSON pointer to a place that pydantic names.

    Pydantic puts the tag of a union's branch between a row and its member; it is no member.
    """
    parts = list(location)
    if len(parts) > 2 and parts[0] == _TAGGED_LIST:  # noqa: PLR2004 - list, index, tag
        del parts[2]
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in parts)
