"""The provider does what every platform must, and in the words of Salesforce's own descriptions."""

import pytest

from surestock.commerce.conformance import carts, orders
from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import NotApplicable
from tests.commerce.salesforce.lab import SalesforceLab

SIGNED_IN = (carts.two_carts_do_not_mix, orders.an_order_is_found_by_its_attempt)
"""It differs in how guests sign in, and in nothing that is asked for after that."""

every_check = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)


@every_check
async def test_it_conforms(check: Check, lab: SalesforceLab) -> None:
    await _try(check, lab)


@every_check
async def test_it_conforms_through_prism(check: Check, checked_lab: SalesforceLab) -> None:
    await _try(check, checked_lab)


@pytest.mark.parametrize("check", SIGNED_IN, ids=lambda check: check.__name__)
async def test_a_private_client_conforms_through_prism(
    check: Check, checked_lab: SalesforceLab
) -> None:
    checked_lab.provider = checked_lab.private()
    await _try(check, checked_lab)


async def _try(check: Check, lab: SalesforceLab) -> None:
    try:
        await check(lab)
    except NotApplicable as reason:
        pytest.skip(str(reason))
