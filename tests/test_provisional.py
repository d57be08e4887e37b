"""Money of days without a bill: provisional, replaced without a trace, and judged afterwards."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.test import Client

from finops.attribution.models import Allocation, Cell, ItemDay, SpendDay, SpendMonth, TeamDay
from finops.attribution.queries.provisional import accuracy, past_days
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.attribution.settle import settle
from finops.people.models import User
from finops.periods import Period
from tests import facts

pytestmark = pytest.mark.django_db
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
DOLLAR = 10**9


def settled(day: int) -> None:
    settle(now=datetime(2026, 11, day, tzinfo=UTC))


def bill(day: str, dollars: int) -> None:
    part = facts.deliver(facts.source("bill"), "charge", f"bill:{day}", day, day)
    facts.charge(part, day, dollars * DOLLAR, provider="bill", model="m1")


def log(day: str, dollars: int) -> None:
    part = facts.deliver(facts.source("bill"), "usage", f"log:{day}", day, day)
    facts.usage(
        part, f"{day}T10:00:00", provider="bill", model="m1", input_tokens=10,
        list_cost=Decimal(dollars), list_currency="USD", actor="ann@acme.test",
    )  # fmt: skip


@pytest.fixture
def open_days() -> None:
    """The bill reaches to 1 October; the log to the 3rd, at $10 and $20 of list price."""
    facts.person("ann", "core")
    bill("2026-10-01", 5)
    log("2026-10-02", 10)
    log("2026-10-03", 20)
    settled(1)


def test_open_days_show_provisional_money(open_days: None) -> None:
    total = unit_cost(Scope(OCTOBER), by=None, now=datetime(2026, 11, 1, tzinfo=UTC)).total
    assert (total.billed, total.provisional) == (5 * DOLLAR, 30 * DOLLAR)
    assert past_days(OCTOBER) == []
    assert accuracy([]) is None


def test_provisional_money_vanishes_without_a_trace_when_the_bill_arrives(open_days: None) -> None:
    bill("2026-10-02", 11)
    bill("2026-10-03", 19)
    settled(2)
    for table in (Cell, SpendDay, TeamDay, SpendMonth, ItemDay):
        assert not table.objects.filter(is_provisional=True).exists(), table
    assert sum(a.billed_nanos for a in Allocation.objects.all()) == 35 * DOLLAR
    total = unit_cost(Scope(OCTOBER), by=None, now=datetime(2026, 11, 2, tzinfo=UTC)).total
    assert (total.billed, total.provisional) == (35 * DOLLAR, 0)
    assert sum(total.tiers.values()) == 35 * DOLLAR
    grown = facts.derived()
    settle(full=True, now=datetime(2026, 11, 3, tzinfo=UTC))
    assert facts.derived() == grown


def test_the_history_says_how_far_off_provisional_days_were(open_days: None) -> None:
    bill("2026-10-02", 11)
    bill("2026-10-03", 19)
    settled(2)
    days = past_days(OCTOBER)
    assert [(d.day.day, d.provisional, d.billed) for d in days] == [
        (2, 10 * DOLLAR, 11 * DOLLAR), (3, 20 * DOLLAR, 19 * DOLLAR),
    ]  # fmt: skip
    found = accuracy(days)
    assert found is not None
    assert (found.days, found.provisional, found.billed) == (2, 30 * DOLLAR, 30 * DOLLAR)
    assert (found.middle, found.worst) == (Decimal("0.025"), Decimal("0.1"))
    assert found.worst_day == date(2026, 10, 2)


def test_what_the_log_said_last_counts_and_a_later_restatement_does_not(open_days: None) -> None:
    log("2026-10-02", 12)
    settled(2)
    bill("2026-10-02", 15)
    settled(3)
    bill("2026-10-02", 99)
    settled(4)
    (day,) = past_days(OCTOBER)
    assert (day.provisional, day.billed) == (12 * DOLLAR, 15 * DOLLAR)
    assert day.off_by == Decimal("0.25")


def test_a_log_that_was_taken_back_is_no_day_that_a_bill_replaced(open_days: None) -> None:
    assert SpendDay.objects.filter(day=date(2026, 10, 3)).exists()
    facts.deliver(facts.source("bill"), "usage", "log:2026-10-03", "2026-10-03", "2026-10-03")
    settled(2)
    assert not SpendDay.objects.filter(day=date(2026, 10, 3)).exists()
    assert past_days(OCTOBER) == []


def test_the_trust_panel_says_how_far_off_past_days_were(open_days: None) -> None:
    bill("2026-10-02", 11)
    bill("2026-10-03", 19)
    settled(2)
    client = Client()
    client.force_login(User.objects.create_user("cfo", role="cfo"))
    text = client.get("/panels/overview/trust/?period=2026-10").content.decode()
    assert "2 past provisional days ended 2.5\xa0% higher in the middle" in text
    assert "the worst 10.0\xa0% higher, 2 Oct" in text
