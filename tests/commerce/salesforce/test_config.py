"""What the provider is told is checked before anything is asked for."""

import msgspec
import pytest

from surestock.commerce.providers.salesforce import PLATFORM
from surestock.commerce.providers.salesforce.config import SalesforceConfig
from surestock.commerce.providers.salesforce.slas import Session
from surestock.kit.clock import ManualClock

GOOD = {
    "baseUrl": "https://zzte.api.example.com",
    "organizationId": "f_ecom_zzte_053",
    "siteId": "RefArch",
    "clientId": "client-1",
    "clientSecret": "secret-1",
    "shippingMethod": "001",
    "customer": {"email": "ada@example.com", "firstName": "Ada", "lastName": "Lovelace"},
}


async def test_the_platform_makes_a_provider_of_its_settings() -> None:
    config = msgspec.json.decode(msgspec.json.encode(GOOD), type=PLATFORM.config)
    provider = PLATFORM.make(config, ManualClock())
    assert provider.name == "salesforce"
    assert provider.capabilities.stock == "all_or_nothing"
    await provider.aclose()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"clientSecret": None}, "clientSecret or a redirectUri"),
        ({"redirectUri": "https://shop.example.com"}, "clientSecret or a redirectUri"),
        ({"attemptAttribute": "attempt"}, "c_"),
        ({"cartAttribute": "c_"}, "c_"),
        ({"tokenAttribute": "c_a b"}, "c_"),
        ({"settlesS": 0}, "above 0"),
        ({"answerS": -1}, "above 0"),
        ({"shipingMethod": "002"}, "shipingMethod"),
    ],
)
def test_a_setting_that_cannot_work_is_named(change: dict[str, object], sentence: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=sentence):
        msgspec.convert({**GOOD, **change}, SalesforceConfig)


def test_no_secret_of_ours_or_of_a_guest_is_shown() -> None:
    config = msgspec.convert(GOOD, SalesforceConfig)
    assert "secret-1" not in repr(config)
    session = repr(Session("access-1", "refresh-1", 7, "usid-1", "customer-1"))
    assert not {"access-1", "refresh-1"} & set(session.split("'"))
