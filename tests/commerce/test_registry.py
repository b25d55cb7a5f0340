"""Platforms are found by name, and wrong settings are told in one sentence, without a secret."""

from importlib.metadata import EntryPoint, EntryPoints
from typing import Annotated, Literal

import pytest
from msgspec import Meta, Struct

from surestock.commerce import registry
from surestock.commerce.platform import Platform
from surestock.commerce.providers import DEFAULT
from surestock.commerce.providers.simulated.config import SimulatedConfig
from surestock.commerce.providers.simulated.provider import SimulatedProvider
from surestock.commerce.registry import PlatformUnknown, SettingsInvalid, read_config
from surestock.kit.clock import ManualClock


class _Shop(Struct, frozen=True, forbid_unknown_fields=True):
    base_url: str
    token: str
    timeout_s: Annotated[float, Meta(gt=0)] = 5.0
    mode: Literal["one", "two"] = "one"

    def __post_init__(self) -> None:
        if self.base_url == self.token:
            raise ValueError("the token is not the address")


OTHER = Platform(config=_Shop, make=lambda _, clock: SimulatedProvider(SimulatedConfig(), clock))
NOTHING = "no platform"


def _install(monkeypatch: pytest.MonkeyPatch, *entries: tuple[str, str]) -> None:
    group = registry.GROUP
    installed = EntryPoints(EntryPoint(name, value, group) for name, value in entries)
    monkeypatch.setattr(registry, "entry_points", installed.select)


async def test_the_default_platform_needs_no_settings() -> None:
    provider = registry.load(DEFAULT, None, ManualClock())
    cart = await provider.open_cart("EUR", "cart-1")
    assert cart.lines == ()
    assert provider.name == DEFAULT


def test_the_platforms_that_come_along_are_there() -> None:
    assert DEFAULT in registry.names()
    assert len(registry.names()) >= 4


def test_an_unknown_name_tells_which_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, ("beta", f"{__name__}:OTHER"), ("alpha", f"{__name__}:OTHER"))
    with pytest.raises(
        PlatformUnknown, match="no commerce platform 'gamma'; there are: alpha, beta"
    ):
        registry.find("gamma")


def test_another_package_brings_a_platform_along(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, ("other", f"{__name__}:OTHER"))
    assert registry.find("other") is OTHER


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("no.such.module:PLATFORM", "cannot be loaded .ModuleNotFoundError"),
        (f"{__name__}:MISSING", "cannot be loaded .AttributeError"),
        (f"{__name__}:NOTHING", "is no commerce platform"),
    ],
)
def test_what_cannot_be_used_is_told(
    monkeypatch: pytest.MonkeyPatch, value: str, message: str
) -> None:
    _install(monkeypatch, ("other", value))
    with pytest.raises(PlatformUnknown, match=message):
        registry.find("other")


def test_two_platforms_of_one_name_are_not_guessed_between(monkeypatch: pytest.MonkeyPatch) -> None:
    _install(monkeypatch, ("other", f"{__name__}:OTHER"), ("other", "else:OTHER"))
    with pytest.raises(PlatformUnknown, match="more than once: else:OTHER, "):
        registry.find("other")


def test_every_wrong_member_is_named_in_one_sentence_and_no_value() -> None:
    text = b'{"token": 7, "timeout_s": -1, "mode": "s3cret", "s4": "s3cret", "tokn": "s3cret"}'
    with pytest.raises(SettingsInvalid) as raised:
        read_config("other", _Shop, text)
    message = str(raised.value)
    assert message == (
        "The settings of the commerce platform 'other' are wrong: "
        "'token': expected `str`, got `int`; 'timeout_s': expected `float` > 0.0; "
        "'mode' is not what it may be; 's4' is not known; 'tokn' is not known; "
        "'base_url' is missing."
    )


@pytest.mark.parametrize("text", [b"", b"[]", b"{", b"null", b'"s3cret"', b"\xff", b"[" * 100_000])
def test_what_is_no_object_is_told(text: bytes) -> None:
    with pytest.raises(SettingsInvalid, match="are wrong: they are no JSON object") as raised:
        read_config("other", _Shop, text)
    assert "s3cret" not in str(raised.value)


def test_members_that_do_not_go_together_are_told_in_the_words_of_the_struct() -> None:
    with pytest.raises(SettingsInvalid, match="are wrong: the token is not the address"):
        read_config("other", _Shop, b'{"base_url": "a", "token": "a"}')


def test_no_settings_at_all_name_what_is_needed() -> None:
    with pytest.raises(SettingsInvalid, match="'base_url' is missing; 'token' is missing"):
        read_config("other", _Shop, None)
