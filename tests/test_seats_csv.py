"""A list of seats: a charge per seat and month, the same from the same file, each seat by itself."""

from datetime import date
from decimal import Decimal

import pytest

from finops.attribution.models import Cell
from finops.attribution.verify.books import verify
from finops.ledger.models import BillingScope, Charge, Seat
from tests.commands import settle
from tests.loading import books, give

pytestmark = pytest.mark.django_db
HEADER = "vendor,plan,email,assigned_from,assigned_to,last_active_at,price,currency,period,renewal_date\n"


def load(*lines: str, name: str = "seats.csv", **more):
    return give("seats_csv", (HEADER + "\n".join(lines) + "\n").encode(), name, **more)


def line(
    email: str = "ana@x.test", since: str = "2026-09-01", to: str = "", active: str = "",
    price: str = "30", period: str = "month", renewal: str = "", vendor: str = "OpenAI",
) -> str:  # fmt: skip
    return f"{vendor},Team,{email},{since},{to},{active},{price},USD,{period},{renewal}"


def active() -> list[Charge]:
    return list(
        Charge.objects.filter(slice__superseded_at=None).order_by(
            "charge_period_start", "sku_price_id"
        )
    )


def months(column: str = "billed_cost") -> dict[str, Decimal]:
    found: dict[str, Decimal] = {}
    for row in active():
        month = f"{row.charged_on:%Y-%m}"
        found[month] = found.get(month, Decimal(0)) + getattr(row, column)
    return {month: amount.normalize() for month, amount in found.items()}


def proven() -> list[str]:
    return [str(violation) for violation in verify().violations]


# --- what is booked ------------------------------------------------------------------------------


def test_a_part_of_a_month_counts_by_days():
    load(line(since="2026-09-16", to="2026-10-11"))
    assert months() == {"2026-09": Decimal(15), "2026-10": Decimal("9.677419355")}
    assert proven() == []


def test_a_whole_month_costs_its_price_whatever_its_length():
    load(line(since="2026-01-01", to="2026-04-01", price="19.99"))
    assert set(months().values()) == {Decimal("19.99")}
    assert len(active()) == 3


def test_an_open_seat_is_charged_to_the_month_of_the_last_thing_the_file_tells():
    load(line(), line("ben@x.test", since="2026-08-01", active="2026-10-20T08:00:00Z"))
    assert months() == {"2026-08": Decimal(30), "2026-09": Decimal(60), "2026-10": Decimal(60)}


def test_another_vendors_activity_says_nothing_of_this_one():
    load(line(), line(vendor="Anthropic", active="2026-10-20T08:00:00Z"))
    assert months() == {"2026-09": Decimal(60), "2026-10": Decimal(30)}


def test_an_open_seat_is_paid_to_its_renewal():
    load(line(renewal="2026-11-16"))
    assert months() == {"2026-09": Decimal(30), "2026-10": Decimal(30), "2026-11": Decimal(15)}
    assert proven() == []


def test_a_file_that_tells_no_end_warns():
    imp = load(line())
    assert [warning["code"] for warning in imp.warnings] == ["no_horizon"]
    assert months() == {"2026-09": Decimal(30)}


def test_a_yearly_price_is_billed_at_renewal_and_used_up_by_the_month():
    load(
        line(since="2025-01-01", to="2027-01-01", price="365", period="year", renewal="2027-01-01")
    )
    assert months()["2025-01"] == 365
    assert months()["2026-01"] == 365
    assert months("effective_cost")["2026-02"] == 28
    assert sum(months().values()) == sum(months("effective_cost").values()) == 730
    assert proven() == []


def test_what_is_used_of_a_term_adds_up_to_what_was_billed_to_the_nano():
    load(line(since="2026-02-11", price="99.99", period="year", renewal="2027-01-17"))
    assert sum(months().values()) == sum(months("effective_cost").values())
    assert proven() == []


def test_a_yearly_seat_that_passes_on_is_paid_once():
    load(
        line(since="2026-01-01", to="2026-06-01", price="365", period="year", renewal="2027-01-01"),
        line("ben@x.test", since="2026-06-01", price="365", period="year", renewal="2027-01-01"),
    )
    assert months() == {
        "2026-01": 151, "2026-06": 214,
        **{f"2026-{month:02}": 0 for month in (2, 3, 4, 5, 7, 8, 9, 10, 11, 12)},
    }  # fmt: skip


def test_a_renewal_that_has_passed_renewed_the_seat():
    load(
        line(since="2025-03-01", active="2026-05-05T00:00:00Z", price="365", period="year",
             renewal="2026-03-01")
    )  # fmt: skip
    assert {month: amount for month, amount in months().items() if amount} == {
        "2025-03": 365, "2026-03": 365,
    }  # fmt: skip
    assert proven() == []


def test_a_yearly_price_without_a_renewal_is_billed_by_the_month():
    load(line(since="2026-09-01", to="2026-11-01", price="120", period="year"))
    assert months() == {"2026-09": Decimal(10), "2026-10": Decimal(10)}
    assert proven() == []


def test_a_leap_day_renews_on_the_last_of_february():
    load(
        line(since="2024-02-29", price="366", period="year", renewal="2024-02-29", to="2025-03-01")
    )
    assert sum(months().values()) == Decimal("367.002739726")
    assert proven() == []


def test_a_seat_without_a_price_is_listed_and_books_nothing():
    load(line(price=""))
    assert Seat.objects.get().holder == "ana@x.test"
    assert active() == []
    assert proven() == []


# --- how lists are merged ------------------------------------------------------------------------


def test_next_months_list_adds_its_month_and_changes_no_other():
    load(line(active="2026-09-20"), name="september.csv")
    before = {row.id for row in active()}
    load(line(active="2026-10-20"), name="october.csv")
    assert before <= {row.id for row in active()}
    assert months() == {"2026-09": Decimal(30), "2026-10": Decimal(30)}


def test_a_list_of_others_leaves_a_seat_and_its_charges_alone():
    load(line(), name="one.csv")
    load(line("ben@x.test", price="25"), name="two.csv")
    assert months() == {"2026-09": Decimal(55)}
    assert Seat.objects.count() == 2


def test_files_in_any_order_come_to_the_same():
    files = [(line(), "one.csv"), (line("ben@x.test", since="2026-10-01"), "two.csv")]
    for content, name in reversed(files):
        load(content, name=name)
    backwards = [(row.actor, row.charged_on, row.billed_cost) for row in active()]
    for content, name in files:
        load(content, name=name)
    assert [(row.actor, row.charged_on, row.billed_cost) for row in active()] == backwards


def test_a_seat_that_has_ended_is_charged_no_longer():
    load(line(active="2026-11-20"))
    load(line(to="2026-10-16", active="2026-11-20"), allow_shrink=True)
    assert months() == {"2026-09": Decimal(30), "2026-10": Decimal("14.516129032")}
    assert Seat.objects.get().assigned_to == date(2026, 10, 16)


def test_the_same_list_twice_changes_nothing():
    load(line(), line("ben@x.test"))
    before = books()
    assert load(line(), line("ben@x.test")).state == "duplicate"
    assert books() == before


def test_more_seats_than_one_on_a_line_open_the_same_line():
    load(line("ben@x.test", to="2026-12-01"), line())
    assert [row.line for row in active() if row.actor == "ben@x.test"] == [2, 2, 2]


# --- what is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (line(price="-3"), "amount_format"),
        (line(price="1.1234567891"), "amount_format"),
        (line(price="a lot"), "amount_format"),
        (line(since=""), "missing_value"),
        (line(since="2026-09-01", to="2026-08-01"), "amount_format"),
        (line(period="week"), "not_allowed"),
        (line(email=""), "missing_value"),
        (line(since="soon"), "bad_date"),
        (line().replace("USD", ""), "missing_value_beside"),
    ],
)
def test_a_bad_line_refuses_the_list(bad, code):
    imp = load(line("ben@x.test"), bad)
    assert imp.state == "refused"
    assert (imp.errors[0]["line"], imp.errors[0]["code"]) == (3, code)
    assert not Seat.objects.exists()


def test_a_plan_held_twice_at_a_time_refuses_the_list():
    imp = load(line(since="2026-08-01", to="2026-10-01"), line(since="2026-09-01"))
    assert imp.state == "refused"
    assert "held twice" in imp.errors[0]["found"]
    assert (
        load(line(since="2026-08-01", to="2026-09-01"), line(since="2026-09-01")).state == "loaded"
    )


# --- whose money ---------------------------------------------------------------------------------


def test_a_seats_money_is_its_holders():
    load(line())
    settle()
    (cell,) = Cell.objects.all()
    assert (cell.actor, cell.billed_nanos) == ("ana@x.test", 30_000_000_000)
    assert proven() == []


def test_a_bill_of_the_same_seats_is_evidence():
    load(line())
    bill = (
        b"BilledCost,EffectiveCost,BillingCurrency,BillingAccountId,InvoiceIssuerName,"
        b"BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,ChargeCategory\n"
        b"30,30,USD,seats,OpenAI,2026-09-01,2026-10-01,2026-09-01,2026-10-01,Purchase\n"
    )
    imp = give("focus", bill)
    assert [warning["code"] for warning in imp.warnings if warning["code"] == "evidence"]
    assert BillingScope.objects.count() == 1
    settle()
    assert sum(cell.billed_nanos for cell in Cell.objects.all()) == 30_000_000_000
