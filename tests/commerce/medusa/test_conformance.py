"""A real Medusa, through the provider, does what every platform must."""

import pytest

from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import NotApplicable
from tests.commerce.medusa.lab import MedusaLab

pytestmark = [pytest.mark.medusa, pytest.mark.timeout(1200)]


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_it_conforms(check: Check, lab: MedusaLab) -> None:
    try:
        await check(lab)
    except NotApplicable as reason:
        pytest.skip(str(reason))
