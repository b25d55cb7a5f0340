"""Amounts become minor units exactly, or not at all."""

from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surestock.commerce.errors import BadAnswer
from surestock.commerce.money import to_major, to_minor

_CURRENCIES = ["JPY", "EUR", "KWD", "CLF"]
_MOST = 9_007_199_254_740_991


@pytest.mark.parametrize(
    ("amount", "currency", "units"),
    [
        ("19.99", "EUR", 1999),
        ("19.990", "EUR", 1999),
        (Decimal("0.29"), "USD", 29),
        (500, "JPY", 500),
        ("500.00", "JPY", 500),
        ("1.234", "KWD", 1234),
        ("1.2345", "CLF", 12_345),
        ("-1.50", "EUR", -150),
        (Decimal("1E+3"), "EUR", 100_000),
        (Decimal("0E+99999"), "EUR", 0),
        ("90071992547409.91", "EUR", _MOST),
    ],
)
def test_an_amount_has_the_digits_of_its_currency(
    amount: Decimal | str | int, currency: str, units: int
) -> None:
    assert to_minor(amount, currency) == units


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("0.001", "EUR"),
        ("0.5", "JPY"),
        (Decimal("1.9900000000000000000000000000000000001"), "EUR"),
        (Decimal("1e-999999"), "EUR"),
        (Decimal("1e999999"), "EUR"),
        (Decimal("9" * 41 + "e-30"), "EUR"),
        (Decimal("NaN"), "EUR"),
        (Decimal("-Infinity"), "EUR"),
        ("90071992547409.92", "EUR"),
        ("1_000", "EUR"),
        (" 1", "EUR"),
        ("", "EUR"),
        ("1,99", "EUR"),
        ("1", "eur"),
        ("1", "EURO"),
        ("1", ""),
    ],
)
def test_what_is_no_whole_number_of_minor_units_is_refused(
    amount: Decimal | str, currency: str
) -> None:
    with pytest.raises(BadAnswer):
        to_minor(amount, currency)


@pytest.mark.parametrize("amount", [19.99, True])
def test_a_float_is_a_mistake_of_the_provider(amount: float) -> None:
    with pytest.raises(TypeError, match="a Decimal"):
        to_minor(amount, "EUR")  # type: ignore[arg-type]


@given(units=st.integers(-_MOST, _MOST), currency=st.sampled_from(_CURRENCIES))
def test_every_amount_comes_back_as_it_went(units: int, currency: str) -> None:
    amount = to_major(units, currency)
    assert to_minor(amount, currency) == units
    assert to_minor(f"{amount:f}", currency) == units
    in_json = msgspec.json.decode(f"{amount:f}", type=Decimal)
    assert to_minor(in_json, currency) == units
