"""A real Vendure keeps what the port promises."""

import pytest

from surestock.commerce.conformance.suite import CHECKS, Check
from surestock.commerce.conformance.verdict import NotApplicable
from tests.commerce.vendure.bench import VendureLab

pytestmark = pytest.mark.timeout(900)  # a first run installs the shop


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
async def test_the_platform_conforms(check: Check, lab: VendureLab) -> None:
    try:
        await check(lab)
    except NotApplicable as reason:
        pytest.skip(str(reason))
