"""Money of a platform as whole minor units, exactly.

How many digits a currency has after the point is ISO 4217's; a few differ from the usual two. A
sum never goes through a float: ``msgspec`` decodes the numbers of JSON as ``Decimal`` when asked.
"""

import re
from decimal import Decimal

from surestock.commerce.errors import BadAnswer

_CODE = re.compile("[A-Z]{3}")
_AMOUNT = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_USUAL_DIGITS = 2
_WITHOUT = (
    *("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG"),
    *("RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"),
)
_WITH_THREE = ("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND")
_WITH_FOUR = ("CLF", "UYW")
_DIGITS = dict.fromkeys(_WITHOUT, 0) | dict.fromkeys(_WITH_THREE, 3) | dict.fromkeys(_WITH_FOUR, 4)
_MOST = 9_007_199_254_740_991
"""Every JSON reader keeps an integer up to here exact."""

_MOST_DIGITS = 40
"""More are no price; a bound, since a few characters can name a number without end."""


def digits(currency: str) -> int:
    """Return the digits after the point of an ISO 4217 code. Raises ``BadAnswer`` for no code."""
    if not _CODE.fullmatch(currency):
        raise BadAnswer("The commerce platform named a currency that is none.")
    return _DIGITS.get(currency, _USUAL_DIGITS)


def to_minor(amount: Decimal | str | int, currency: str) -> int:
    """Return an amount of major units as minor units: ``"19.99"`` in ``EUR`` is 1999.

    Raises ``BadAnswer`` for what is no number, too large, or no whole number of minor units, and
    ``TypeError`` for a float, which has lost the digits already that this is about.
    """
    if isinstance(amount, float | bool):
        raise TypeError(f"an amount is a Decimal, a str or an int, not {amount!r}")
    shift = digits(currency)
    value = _decimal(amount)
    sign, figures, exponent = value.as_tuple()
    if not isinstance(exponent, int) or value.copy_abs() > _MOST or len(figures) > _MOST_DIGITS:
        raise BadAnswer("The commerce platform named an amount that is out of range.")
    if not value:
        return 0
    # Whole numbers, and not Decimal's arithmetic, which rounds to the digits of its context.
    shift += exponent
    if shift < -len(figures):
        raise _too_fine(currency)
    units: int
    coefficient = int("".join(map(str, figures)))
    units, left = divmod(coefficient * 10 ** max(shift, 0), 10 ** max(-shift, 0))
    if left:
        raise _too_fine(currency)
    if units > _MOST:
        raise BadAnswer("The commerce platform named an amount that is out of range.")
    return -units if sign else units


def to_major(units: int, currency: str) -> Decimal:
    """Return minor units as an amount of major ones: 1999 in ``EUR`` is ``Decimal("19.99")``."""
    return Decimal(units).scaleb(-digits(currency))


def _decimal(amount: Decimal | str | int) -> Decimal:
    if isinstance(amount, str) and not _AMOUNT.fullmatch(amount):
        raise BadAnswer("The commerce platform named an amount that is no number.")
    return Decimal(amount)


def _too_fine(currency: str) -> BadAnswer:
    return BadAnswer(f"The commerce platform named a part of the smallest unit of {currency}.")
