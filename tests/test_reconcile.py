"""One error of each kind, put into books that tie, lands in its bucket to the nano."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from finops.attribution.queries.reconcile import Bridge, bridge, report
from finops.attribution.settle import settle
from finops.ledger.models import FxRate, Source
from finops.money import to_nanos
from finops.periods import month_of
from tests.bill_and_log import DAYS, OCTOBER, TOTAL, Due, Line, Logged, Month, as_csv, loaded
from tests.loading import give

pytestmark = pytest.mark.django_db


def nanos(amount: str | Decimal) -> int:
    return to_nanos(Decimal(amount))


def told(found: Bridge) -> dict[tuple[str, str], int]:
    """The buckets by step and cause. Sums are checked here for every test."""
    line = found.reconciled
    assert line.bill_nanos is not None
    if line.usage_nanos is not None:
        assert sum(b.nanos for b in found.to_bill) == line.bill_nanos - line.usage_nanos
    if line.invoice_nanos is not None:
        assert sum(b.nanos for b in line.to_invoice) == line.invoice_nanos - line.bill_nanos
    assert all(bucket.definition for bucket in found.buckets)
    return {(bucket.step, bucket.cause.slug): bucket.nanos for bucket in found.buckets}


def test_books_that_tie_have_no_bucket():
    found = Month().told()

    assert told(found) == {}
    line = found.reconciled
    assert line.usage_nanos == line.bill_nanos == line.invoice_nanos == nanos(TOTAL)
    assert line.verdict == "ties"


# --- from usage at list price to the bill ------------------------------------------------------


def test_a_contracted_price_is_a_negotiated_price():
    month = Month(due=[Due("16.86")])
    month.bend(0, contracted=Decimal("1.5"), billed=Decimal("1.5"), listed=Decimal(3))

    assert told(month.told()) == {("bill", "negotiated"): nanos("-1.5")}


def test_a_bill_without_list_prices_is_taken_to_have_the_stated_discount():
    month = Month(due=[])
    month.bill = [
        replace(line, tokens=None, listed=None, billed=Decimal(amount) * Decimal("0.9"))
        for line, amount in zip(month.bill, ("3", "0.12", "3") * 3, strict=True)
    ]
    Source.objects.create(
        key="anthropic", name="Anthropic", connector="focus", contract_discount=Decimal("0.1")
    )

    assert told(month.told()) == {("bill", "negotiated"): nanos("-1.836")}


def test_a_discount_that_nobody_stated_stays_unexplained():
    month = Month(due=[])
    month.bill = [
        replace(line, tokens=None, listed=None, billed=Decimal(amount) * Decimal("0.9"))
        for line, amount in zip(month.bill, ("3", "0.12", "3") * 3, strict=True)
    ]

    assert told(month.told()) == {("bill", "unexplained"): nanos("-1.836")}


def test_usage_that_a_commitment_paid_for_is_a_purchase():
    month = Month(due=[Due("15.36")])
    month.bend(0, billed=Decimal(0), contracted=Decimal(3), listed=Decimal(3))
    month.bill[0] = replace(month.bill[0], billed=Decimal("0.000000001"))

    assert told(month.told())["bill", "purchases"] == nanos("-2.999999999")


def test_another_list_price_of_the_vendor_is_named():
    month = Month(due=[Due("19.36")])
    month.bend(0, listed=Decimal(4))

    assert told(month.told()) == {("bill", "list_price"): nanos(1)}


def test_tokens_that_the_log_counts_as_plain_input_are_cache():
    month = Month()
    month.log[1] = Logged(DAYS[1], input=1_400_000, cached=0)

    assert told(month.told()) == {("bill", "cache"): nanos("-1.08")}


def test_cache_is_told_without_token_counts_too():
    month = Month()
    month.bill = [
        replace(line, tokens=None, listed=Decimal(amount))
        for line, amount in zip(month.bill, ("3", "0.12", "3") * 3, strict=True)
    ]
    month.log = [Logged(day, input=1_400_000, cached=0) for day in DAYS]

    assert told(month.told()) == {("bill", "cache"): nanos("-3.24")}


def test_a_batch_price_is_the_service_tier():
    month = Month(due=[Due("16.86")])
    month.bend(0, listed=Decimal("1.5"), words="Batch input tokens")

    assert told(month.told()) == {("bill", "tier"): nanos("-1.5")}


def test_a_batch_price_is_the_service_tier_when_the_log_names_it_too():
    month = Month(due=[Due("15.3")])
    for place in range(3):
        line = month.bill[place]
        listed = Decimal(line.cells()["ListCost"]) / 2
        month.bend(place, listed=listed, words=f"Batch {line.meter} tokens")
    month.log[0] = replace(month.log[0], tier="batch")

    assert told(month.told()) == {("bill", "tier"): nanos("-3.06")}


def test_a_day_that_no_log_saw_is_missing_usage():
    month = Month()
    del month.log[1]

    assert told(month.told()) == {("bill", "missing_usage"): nanos("6.12")}


def test_tokens_that_no_log_saw_are_missing_usage():
    month = Month()
    month.log[1] = Logged(DAYS[1], output=150_000)

    assert told(month.told()) == {("bill", "missing_usage"): nanos("0.75")}


def test_a_meter_that_logs_do_not_count_is_missing_usage():
    month = Month(due=[Due("20.36")])
    month.bill.append(Line(DAYS[0], "web", billed=Decimal(2), words="Web search tokens", model=""))

    assert told(month.told()) == {("bill", "missing_usage"): nanos(2)}


def test_a_day_that_the_bill_lacks_is_usage_not_billed():
    month = Month(due=[Due("12.24")])
    del month.bill[3:6]

    assert told(month.told()) == {("bill", "missing_bill"): nanos("-6.12")}


def test_a_day_that_is_not_billed_yet_is_timing():
    month = Month(due=[Due("12.24")])
    del month.bill[6:]

    assert told(month.told()) == {("bill", "timing"): nanos("-6.12")}


def test_a_late_charge_of_september_is_timing():
    month = Month(due=[Due("20.36")])
    month.bill.append(Line(date(2026, 9, 30), billed=Decimal(2), listed=Decimal(2)))

    assert told(month.told()) == {("bill", "timing"): nanos(2)}


def test_a_correction_of_an_earlier_month_is_timing():
    month = Month(due=[Due("17.36")])
    month.bill.append(Line(DAYS[0], billed=Decimal(-1), charge_class="Correction"))

    assert told(month.told()) == {("bill", "timing"): nanos(-1)}


def test_a_line_that_stands_twice_in_the_bill_is_a_duplicate():
    month = Month(due=[Due("21.36")])
    month.bill.append(month.bill[2])

    assert told(month.told()) == {("bill", "duplicates"): nanos(3)}


def test_two_calls_alike_are_no_duplicates():
    month = Month(due=[Due("21.36")])
    month.bill.append(month.bill[2])
    month.log[0] = Logged(DAYS[0], output=400_000)

    assert told(month.told()) == {}


@pytest.mark.parametrize(
    ("category", "bucket"),
    [("Credit", "credits"), ("Adjustment", "credits"), ("Tax", "tax"), ("Purchase", "purchases")],
)
def test_what_is_not_usage_stands_apart(category, bucket):
    month = Month(due=[Due("20.36")])
    month.bill.append(Line(DAYS[0], billed=Decimal(2), category=category, model=""))

    assert told(month.told()) == {("bill", bucket): nanos(2)}


def test_a_model_without_a_price_is_unpriced():
    month = Month(due=[Due("23.36")])
    month.bill.append(Line(DAYS[0], tokens=500, listed=Decimal(5), model="no-such-model"))
    month.log.append(Logged(DAYS[0], input=500, cached=0, output=0, model="no-such-model"))

    found = month.told()
    assert told(found) == {("bill", "unpriced"): nanos(5)}
    assert found.reconciled.unpriced_tokens == 500


def test_a_bill_in_another_currency_than_the_price_book_differs_by_the_rate():
    rate("EUR", "1.25")
    month = Month(due=[Due("15", currency="EUR")], currency="EUR")
    month.bill = [
        replace(line, currency="EUR", listed=Decimal(amount), tokens=line.tokens)
        for line, amount in zip(month.bill, ("2.5", "0.1", "2.4") * 3, strict=True)
    ]

    # $18.36 are 14.688 at our rate; the bill says 15.
    assert told(month.told()) == {("bill", "currency"): nanos("0.312")}


# --- from the bill to the invoice --------------------------------------------------------------


def test_an_invoice_that_is_off_without_a_cause_is_unexplained():
    found = Month(due=[Due("18.00")]).told()

    assert told(found) == {("invoice", "unexplained"): nanos("-0.36")}
    assert found.reconciled.verdict == "off"


def test_credits_that_are_not_on_the_invoice_are_named():
    month = Month(due=[Due("18.36")])
    month.bill.append(Line(DAYS[0], billed=Decimal("-2.5"), category="Credit", model=""))

    found = told(month.told())
    assert found == {("bill", "credits"): nanos("-2.5"), ("invoice", "credits"): nanos("2.5")}


def test_tax_that_only_the_invoice_has_is_tax():
    found = Month(due=[Due("21.85", tax="3.49")]).told()

    assert told(found) == {("invoice", "tax"): nanos("3.49")}


def test_tax_that_the_invoice_leaves_out_is_tax():
    month = Month()
    month.bill.append(Line(DAYS[0], billed=Decimal("3.49"), category="Tax", model=""))

    found = told(month.told())
    assert found == {("bill", "tax"): nanos("3.49"), ("invoice", "tax"): nanos("-3.49")}


def test_credits_and_tax_left_out_together_are_both_named():
    month = Month()
    month.bill.append(Line(DAYS[0], billed=Decimal("3.49"), category="Tax", model=""))
    month.bill.append(Line(DAYS[0], billed=Decimal("-2.5"), category="Credit", model=""))

    found = told(month.told())
    assert found["invoice", "tax"] == nanos("-3.49")
    assert found["invoice", "credits"] == nanos("2.5")


def test_last_days_that_are_not_invoiced_yet_are_timing():
    found = Month(due=[Due("12.24", end=DAYS[2])]).told()

    assert told(found) == {("invoice", "timing"): nanos("-6.12")}


def test_unnumbered_days_outside_the_invoices_period_are_timing():
    month = Month(due=[Due("12.24", end=DAYS[2])])
    month.bill = [replace(line, invoice="") for line in month.bill]

    assert told(month.told()) == {("invoice", "timing"): nanos("-6.12")}


def test_lines_of_another_invoice_are_timing():
    month = Month(due=[Due("15.36")])
    month.bend(0, invoice="INV-11")

    assert told(month.told()) == {("invoice", "timing"): nanos(-3)}


def test_a_charge_that_the_invoice_counts_twice_is_a_duplicate():
    month = Month(due=[Due("23.36")])
    month.bill.append(Line(DAYS[0], billed=Decimal("2.5"), category="Purchase", model=""))

    found = told(month.told())
    assert found["invoice", "duplicates"] == nanos("2.5")
    assert ("invoice", "unexplained") not in found


def test_an_invoice_under_two_numbers_is_a_duplicate():
    found = Month(due=[Due(), Due(number="INV-10B")]).told()

    assert told(found) == {("invoice", "duplicates"): nanos(TOTAL)}


def test_a_second_bill_of_the_account_books_nothing_and_is_named_when_invoiced():
    month = Month(due=[Due("36.72")])
    month.load()
    loaded(give("focus", as_csv(month.bill), "again.csv", key="second"))

    found = month_again(month)
    assert found.reconciled.bill_nanos == nanos(TOTAL)
    assert [(b.name, b.nanos) for b in found.reconciled.second_bills] == [("second", nanos(TOTAL))]
    assert told(found) == {("invoice", "duplicates"): nanos(TOTAL)}


def test_lines_that_only_the_bill_repeats_are_taken_back_by_the_invoice():
    month = Month()
    month.bill.append(month.bill[2])

    assert told(month.told()) == {
        ("bill", "duplicates"): nanos(3), ("invoice", "duplicates"): nanos(-3),
    }  # fmt: skip


def test_an_invoice_in_another_currency_differs_by_the_rate():
    rate("EUR", "1.20")
    found = Month(due=[Due("15.00", currency="EUR")]).told()

    assert found.reconciled.invoice_nanos == nanos(18)
    assert told(found) == {("invoice", "currency"): nanos("-0.36")}


def test_what_no_rate_can_be_is_not_taken_for_one():
    rate("EUR", "1.20")
    found = Month(due=[Due("10.00", currency="EUR")]).told()

    assert told(found) == {("invoice", "unexplained"): nanos("-6.36")}


def test_an_invoice_without_a_rate_is_not_compared():
    found = Month(due=[Due("15.00", currency="EUR")]).told()

    assert (found.reconciled.verdict, found.reconciled.invoice_nanos) == ("no_rate", None)


def test_parts_of_a_cent_are_rounding():
    month = Month()
    month.bend(0, listed=Decimal("3.001234567"), tokens=None)
    found = month.told()

    assert told(found)["invoice", "rounding"] == nanos("-0.001234567")
    assert found.reconciled.verdict == "ties"


# --- what is not there -------------------------------------------------------------------------


def test_a_month_without_an_invoice_says_so():
    assert Month(due=[]).told().reconciled.verdict == "no_invoice"


def test_an_invoice_without_a_bill_says_so():
    loaded(give("invoices_csv", as_csv([Due()]), "invoices.csv"))

    (line,) = report(month_of(OCTOBER))
    assert (line.vendor, line.verdict, line.invoice_nanos) == ("Anthropic", "no_bill", nanos(TOTAL))


def test_two_vendors_in_one_file_tie_each_by_itself():
    month = Month()
    seats = Line(DAYS[0], billed=Decimal(40), category="Purchase", model="", issuer="Cursor")
    month.bill.append(replace(seats, invoice="C-1"))
    month.load()

    tied = {line.vendor: (line.verdict, line.bill_nanos) for line in report(month_of(OCTOBER))}
    assert tied == {"Anthropic": ("ties", nanos(TOTAL)), "Cursor": ("no_invoice", nanos(40))}
    source_id = Source.objects.get(key="anthropic").pk
    for issuer, named in (("Anthropic", {}), ("Cursor", {("bill", "purchases"): nanos(40)})):
        found = bridge(OCTOBER, source_id, "USD", issuer)
        assert found
        assert {(b.step, b.cause.slug): b.nanos for b in found.buckets} == named


def test_a_corrected_invoice_takes_the_place_of_the_old_one():
    month = Month(due=[Due("18.00")])
    month.load()
    loaded(give("invoices_csv", as_csv([Due()]), "corrected.csv"))

    assert told(month_again(month)) == {}


def month_again(month: Month) -> Bridge:
    settle(now=datetime(2026, 11, 6, tzinfo=UTC))
    found = bridge(OCTOBER, Source.objects.get(key="anthropic").pk, month.currency)
    assert found
    return found


def rate(currency: str, units: str) -> None:
    FxRate.objects.create(
        currency=currency, reporting_currency="USD", day=OCTOBER, rate=Decimal(units), origin="test"
    )
