"""A real Medusa, through the provider, does what every platform must."""

import pytest

from surestock.commerce.conformance import orders
from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import NotApplicable
from tests.commerce.medusa.lab import MedusaLab

_OF_ORDERS = [check for check in CHECKS if check.__module__ == orders.__name__]

pytestmark = [pytest.mark.medusa, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_conforms(check: Check, lab: MedusaLab) -> None:
    await _try(check, lab)


@pytest.mark.parametrize("check", _OF_ORDERS, ids=lambda check: check.__name__)
async def test_it_finds_orders_without_a_secret_key(check: Check, lab: MedusaLab) -> None:
    lab.give_up_secret_key()
    await _try(check, lab)


async def _try(check: Check, lab: MedusaLab) -> None:
    try:
        await check(lab)
    except NotApplicable as reason:
        pytest.skip(str(reason))
