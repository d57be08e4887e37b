"""Journal entries for chargeback: balanced, summing to the cent, undone by their reversal."""

import csv
import json
from collections import Counter
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import call_command

from finops.attribution.actions.closing import close_month
from finops.attribution.queries.journal import Asked, Line, journal
from finops.attribution.queries.journal_asked import journal_asked
from finops.attribution.queries.shapes import NotKnownError, Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.attribution.settle import settle
from finops.money import to_cents
from finops.people.models import Team
from finops.periods import Period
from tests.books import Books, october, worked_month
from tests.test_closing import readable  # noqa: F401 - a fixture
from tests.test_known_on import LATER, books, reorganise, restate  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db
OCTOBER = Period(date(2026, 10, 1), date(2026, 11, 1))
MONTH = date(2026, 10, 1)
NOW = datetime(2026, 11, 6, tzinfo=UTC)
WHOLE = Asked(OCTOBER, OCTOBER.last_day)


@pytest.fixture
def month() -> Books:
    made = worked_month()
    made.spend(october(20), 0, team="core", nanos=3_333_333_333, vendor="OpenAI")
    made.spend(october(20), 0, team="support", nanos=6_666_666_667, vendor="OpenAI")
    made.spend(october(22), 100, team="sales", vendor="Cursor")
    made.spend(october(23), -700, team="core", vendor="Refunds")
    Team.objects.filter(slug="core").update(cost_center="4711")
    return made


def net(lines: list[Line]) -> Counter[tuple[str, ...]]:
    """Debit minus credit by account, cost centre, team, vendor and currency, in cents."""
    found: Counter[tuple[str, ...]] = Counter()
    for line in lines:
        key = (line.account, line.cost_center, line.team, line.vendor, line.currency)
        found[key] += line.debit - line.credit
    return Counter({key: cents for key, cents in found.items() if cents})


def assert_balanced(lines: list[Line]) -> None:
    entries: Counter[str] = Counter()
    for line in lines:
        entries[line.entry] += line.debit - line.credit
        assert (line.debit > 0) != (line.credit > 0), line
    assert set(entries.values()) <= {0}, entries


def test_every_entry_balances_and_all_sum_to_the_printed_total(month: Books) -> None:
    lines = journal(WHOLE)
    assert_balanced(lines)
    total = unit_cost(Scope(OCTOBER), by=None, now=NOW).total.billed
    owed = sum(line.debit - line.credit for line in lines if line.account != "Vendor payable")
    assert owed == to_cents(total)
    assert len({line.entry for line in lines}) == 4


def test_each_team_owes_what_the_report_says(month: Books) -> None:
    rows = unit_cost(Scope(OCTOBER), by="team", now=NOW).rows
    owed: Counter[str] = Counter()
    for line in journal(WHOLE):
        if line.account != "Vendor payable":
            owed[line.team] += line.debit - line.credit
    for row in rows:
        name = row.label if row.key else ""
        assert abs(owed[name] * 10**7 - row.billed) <= 4 * 10**7, name


def test_teams_without_a_cost_centre_and_money_of_nobody_are_named_as_such(month: Books) -> None:
    lines = journal(WHOLE)
    accounts = {(line.team, line.account, line.cost_center) for line in lines}
    assert ("Core", "AI spend", "4711") in accounts
    assert ("Support", "AI spend, no cost centre", "") in accounts
    assert ("", "AI clearing, nobody's spend", "") in accounts


def test_a_refund_credits_the_team_and_debits_the_vendor(month: Books) -> None:
    refund = [line for line in journal(WHOLE) if line.vendor == "Refunds"]
    assert [(line.team, line.debit, line.credit) for line in refund] == [
        ("Core", 0, 700), ("", 700, 0),
    ]  # fmt: skip


def test_a_reversal_nets_to_zero(month: Books) -> None:
    lines = journal(WHOLE)
    back = journal(Asked(OCTOBER, OCTOBER.last_day, is_reversed=True))
    assert_balanced(back)
    assert net(lines + back) == Counter()
    assert {line.entry for line in back} == {f"{line.entry}-REV" for line in lines}


def test_provisional_money_is_left_out_or_accrued_apart(month: Books) -> None:
    before = net(journal(WHOLE))
    reason = "no_outcome_in_period"  # so that it does not weigh where shared money goes
    month.spend(october(30), 555, team="core", reason=reason, is_provisional=True)
    assert net(journal(WHOLE)) == before
    accrued = journal(Asked(OCTOBER, OCTOBER.last_day, is_accrued=True))
    assert_balanced(accrued)
    own = [line for line in accrued if line.entry.endswith("-ACC")]
    assert [(line.account, line.debit, line.credit) for line in own] == [
        ("AI spend", 555, 0), ("Accrued vendor cost", 0, 555),
    ]  # fmt: skip
    assert net([line for line in accrued if line not in own]) == before


def test_money_without_a_rate_is_an_entry_in_its_own_currency(month: Books) -> None:
    month.spend(october(30), 1234, team="core", currency="EUR")
    lines = [line for line in journal(WHOLE) if line.currency == "EUR"]
    assert [(line.team, line.debit, line.credit) for line in lines] == [
        ("Core", 1234, 0), ("", 0, 1234),
    ]  # fmt: skip


@pytest.mark.usefixtures("books", "readable")
def test_a_journal_and_its_adjustments_add_up_to_the_journal_of_today() -> None:
    closing = close_month(MONTH, by=None, now=NOW)
    as_closed = journal_asked(MONTH, known_on="closing", now=LATER)
    before = [line.row() for line in journal(as_closed)]
    restate()
    reorganise()
    settle(now=LATER)
    assert [line.row() for line in journal(as_closed)] == before
    changed = journal_asked(MONTH, since="closing", now=LATER)
    assert changed.since == closing.known_at
    later = journal(changed)
    assert_balanced(later)
    assert {line.day for line in later} == {LATER.date()}
    assert net(journal(as_closed) + later) == net(journal(WHOLE))
    nothing = journal_asked(MONTH, since="2026-11-12", now=datetime(2026, 11, 20, tzinfo=UTC))
    assert journal(nothing) == []


def test_a_month_that_is_not_closed_has_no_closing_to_ask_for(month: Books) -> None:
    with pytest.raises(NotKnownError, match="October 2026 is not closed"):
        journal_asked(MONTH, since="closing", now=NOW)


def test_the_command_prints_a_csv_that_balances(month: Books) -> None:
    out = StringIO()
    call_command("journal", "--month=2026-10", stdout=out)
    rows = list(csv.DictReader(StringIO(out.getvalue())))
    assert sum(round(float(row["debit"] or 0) * 100) for row in rows) == sum(
        round(float(row["credit"] or 0) * 100) for row in rows
    )
    assert rows[0].keys() == {
        "date", "entry", "account", "cost_center", "team", "vendor", "description", "debit",
        "credit", "currency",
    }  # fmt: skip
    assert rows[0]["date"] == "2026-10-31"
    out = StringIO()
    call_command("journal", "--month=2026-10", "--json", "--reverse", stdout=out)
    assert len(json.loads(out.getvalue())["lines"]) == len(rows)
    with pytest.raises(SystemExit):
        call_command("journal", "--month=2026-10", "--since=closing", stdout=out)
