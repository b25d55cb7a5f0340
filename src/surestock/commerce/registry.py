"""Finds platforms by name, among all installed packages, and makes the provider of one.

A package brings a platform along by an entry point of the group ``surestock.commerce`` that names
a :class:`~surestock.commerce.platform.Platform`:
https://packaging.python.org/en/latest/specifications/entry-points/
"""

from collections.abc import Iterator
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import msgspec
from msgspec import Raw, Struct, structs

from surestock.commerce.answer import fit_text
from surestock.commerce.platform import Platform
from surestock.commerce.port import CommerceProvider
from surestock.kit.clock import Clock
from surestock.kit.errors import SurestockError

GROUP = "surestock.commerce"


class PlatformUnknown(SurestockError):
    """No package, or more than one, brings a platform of this name; or it cannot be loaded."""


class SettingsInvalid(SurestockError):
    """The settings of a platform are wrong. The message names each member, and no value."""


def names() -> list[str]:
    """Return the names of the platforms that can be chosen, sorted."""
    return sorted({entry.name for entry in entry_points(group=GROUP)})


def load(name: str, config: bytes | None, clock: Clock) -> CommerceProvider:
    """Make the provider of a platform, inside the running event loop. It connects to nothing.

    ``config`` is a JSON object, and None is an empty one. Raises :class:`PlatformUnknown` or
    :class:`SettingsInvalid`; both say in one sentence what to do.
    """
    platform = find(name)
    return platform.make(read_config(name, platform.config, config), clock)


def find(name: str) -> Platform:
    """Return the platform of a name. Raises :class:`PlatformUnknown`."""
    entry = _get_entry(name)
    try:
        platform = entry.load()
    except Exception as error:
        raise PlatformUnknown(
            f"The commerce platform {name!r} cannot be loaded ({type(error).__name__})."
        ) from error
    if not isinstance(platform, Platform):
        raise PlatformUnknown(f"What {entry.value} names is no commerce platform.")
    return platform


def read_config(name: str, form: type[Struct], config: bytes | None) -> Struct:
    """Return the settings of a platform. Raises :class:`SettingsInvalid`."""
    text = b"{}" if config is None else config
    try:
        members = msgspec.json.decode(text, type=dict[str, Raw])
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise _invalid(name, ["they are no JSON object"]) from None
    wrong = list(_find_wrong(form, members))
    if wrong:
        raise _invalid(name, wrong)
    try:
        return msgspec.json.decode(text, type=form)
    except (msgspec.MsgspecError, ValueError) as error:
        # What several members together break, the struct itself says, in its author's words.
        raise _invalid(name, [fit_text(str(error))]) from None


def _get_entry(name: str) -> EntryPoint:
    found = {entry.value: entry for entry in entry_points(group=GROUP, name=name)}
    if not found:
        there_are = ", ".join(names()) or "none"
        raise PlatformUnknown(f"There is no commerce platform {name!r}; there are: {there_are}.")
    if len(found) > 1:
        places = ", ".join(sorted(found))
        raise PlatformUnknown(f"The commerce platform {name!r} is there more than once: {places}.")
    return next(iter(found.values()))


def _find_wrong(form: type[Struct], members: dict[str, Raw]) -> Iterator[str]:
    fields = {field.encode_name: field for field in structs.fields(form)}
    for member, raw in members.items():
        field = fields.get(member)
        if field is None:
            yield f"{fit_text(member)!r} is not known"
        else:
            yield from _find_fault(member, field.type, raw)
    for member, field in fields.items():
        if field.required and member not in members:
            yield f"{member!r} is missing"


def _find_fault(member: str, kind: Any, raw: Raw) -> Iterator[str]:  # noqa: ANN401 -- any type
    try:
        msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        why = str(error)
        # These are the messages that quote what was there: it may be a secret in a wrong place.
        quotes = not isinstance(error, msgspec.ValidationError) or why.startswith(
            ("Invalid", "Object contains unknown field")
        )
        yield f"{member!r} is not what it may be" if quotes else f"{member!r}: {_lowered(why)}"


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _invalid(name: str, wrong: list[str]) -> SettingsInvalid:
    return SettingsInvalid(
        f"The settings of the commerce platform {name!r} are wrong: {'; '.join(wrong)}."
    )
