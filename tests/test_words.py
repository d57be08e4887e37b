"""How figures are written."""

from datetime import date
from decimal import Decimal

import pytest

from dashboards import words
from finops.money import NANOS
from finops.periods import Period


@pytest.mark.parametrize(
    ("nanos", "text"),
    [
        (176_320 * NANOS, "$176,320"),
        (999_990_000_000, "$999.99"),
        (1_000 * NANOS, "$1,000"),
        (-2_310 * NANOS, "−$2,310"),
        (64_865_000_000, "$64.87"),
        (0, "$0.00"),
    ],
)
def test_money_is_whole_from_a_thousand_up_and_has_cents_below(nanos: int, text: str) -> None:
    assert words.money(nanos, "USD") == text


def test_a_currency_without_a_symbol_is_named_and_one_without_cents_has_none() -> None:
    assert words.money(5 * NANOS, "NOK") == "NOK\u00a05.00"
    assert words.money(5 * NANOS, "JPY", cents=True) == "¥5"


def test_a_column_adds_up_to_its_printed_total() -> None:
    thirds = [NANOS // 3] * 3
    texts, total = words.column(thirds, sum(thirds), "USD", cents=True)
    assert total == "$1.00"
    assert sorted(texts) == ["$0.33", "$0.33", "$0.34"]


def test_a_column_with_negative_rows_adds_up_too() -> None:
    amounts = [10_006_000_000, -4_003_000_000, -1_000_000]
    texts, total = words.column(amounts, sum(amounts), "USD", cents=True, signed=True)
    plain = [
        Decimal(t.replace("−", "-").replace("$", "").replace("+", "")) for t in (*texts, total)
    ]
    assert sum(plain[:3]) == plain[3]


def test_the_total_of_more_rows_than_are_shown_is_not_pressed_into_them() -> None:
    texts, total = words.column([NANOS, NANOS], 10 * NANOS, "USD", cents=True)
    assert texts == ["$1.01", "$1.01"] or texts == ["$1.00", "$1.00"]
    assert total == "$10.00"


def test_periods_are_named_as_people_name_them() -> None:
    assert words.period_name(Period(date(2026, 10, 1), date(2026, 11, 1))) == "October 2026"
    assert words.period_name(Period(date(2026, 7, 1), date(2026, 10, 1))) == "Q3 2026"
    assert words.period_name(Period(date(2026, 1, 1), date(2027, 1, 1))) == "2026"
    assert words.period_name(Period(date(2026, 10, 1), date(2026, 10, 16))) == (
        "1 Oct to 15 Oct 2026"
    )
    assert words.period_name(Period(date(2026, 2, 1), date(2026, 4, 1))) == "Feb to Mar 2026"


def test_the_unknown_is_a_dash_with_its_reason_and_never_a_zero() -> None:
    html = words.money_or(None, "USD", "no <rate>")
    assert "–" in html
    assert "no &lt;rate&gt;" in html
    assert "0" not in html


def test_growth_from_nothing_is_unknown() -> None:
    assert words.change_of(5, 0) is None
    assert words.percent(Decimal("-0.0584"), signed=True) == "−5.8\u00a0%"
