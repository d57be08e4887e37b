"""Sums that pages read, from days to months, and what logs saw: bent once each, and named."""

import pytest

from finops.attribution.models import ActorSeen, Dirty, NameDay, SpendDay, UsageDay
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.outcomes.models import WorkItem
from finops.outside import archive
from tests import facts
from tests.bills import bill
from tests.breaking import found, named, run
from tests.loading import give
from tests.small_books import DAY, FILE, HALF, LATER, Books, small_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Books:
    return small_books(archive.put(FILE).sha256)


# --- from the bill to the day ---------------------------------------------------------------


def test_money_that_leaves_its_day_is_named(books):
    SpendDay.objects.filter(tier="C", is_provisional=False).update(day=LATER.date())
    violation = named("day_vendor")
    assert violation.where == f"{DAY} to {DAY}, Acme, billed nanos USD"
    assert (violation.expected, violation.found) == (str(2 * HALF), str(HALF))


def test_money_that_changes_its_vendor_is_named(books):
    SpendDay.objects.filter(tier="C", is_provisional=False).update(vendor="Other")
    wheres = {v.where.split(", ")[1] for v in verify().violations if v.check == "day_vendor"}
    assert wheres == {"Acme", "Other"}


def test_money_without_a_bill_is_named(books):
    SpendDay.objects.filter(is_provisional=True).update(is_provisional=False)
    violation = named("day_vendor")
    assert (violation.expected, violation.found) == ("0", str(HALF))


def test_days_are_not_judged_while_bills_wait_for_settle(books):
    SpendDay.objects.filter(tier="C", is_provisional=False).update(vendor="Other")
    Dirty.objects.create(what="slice", ref=str(books.slice.pk))
    assert "day_vendor" not in found()


def test_a_charge_over_several_days_ties_over_its_days():
    of = facts.source("acme")
    part = facts.deliver(of, "charge", "b", "2026-10-01", "2026-10-03")
    facts.charge(part, "2026-10-01", 9_000, days=3)
    facts.charge(part, "2026-10-05", 1_000, line=3)
    log = facts.deliver(of, "usage", "u", "2026-10-02", "2026-10-03")
    for day in ("2026-10-02 10:00", "2026-10-03 10:00"):
        facts.usage(log, day, model="m", input_tokens=100, provider="vendor")
    settle(now=facts.at("2026-11-01"))
    assert {str(day) for day in SpendDay.objects.values_list("day", flat=True)} == {
        "2026-10-02", "2026-10-03", "2026-10-05",
    }  # fmt: skip
    assert "day_vendor" not in found()
    SpendDay.objects.filter(day="2026-10-02").update(billed_nanos=1)
    assert named("day_vendor").where == "2026-10-01 to 2026-10-03, Vendor, billed nanos USD"


# --- coarser sums ---------------------------------------------------------------------------


@pytest.mark.parametrize("table", ["teamday", "spendmonth"])
@pytest.mark.parametrize("column", ["billed_nanos", "reporting_effective_nanos"])
def test_a_nano_too_much_in_a_coarser_sum_is_named(books, table, column):
    check = {"teamday": "team_day", "spendmonth": "spend_month"}[table]
    run(f"UPDATE attribution_{table} SET {column} = {column} + 1 WHERE tier = 'A'")
    violations = [v for v in verify().violations if v.check == check]
    assert len(violations) == 2  # the row that should be, and the one that is
    assert f'"{column}":{HALF}' in violations[0].expected
    assert f'"{column}":{HALF + 1}' in violations[1].found


@pytest.mark.parametrize("table", ["teamday", "spendmonth", "outcomeday"])
def test_a_lost_row_of_a_coarser_sum_is_named(books, table):
    check = {"teamday": "team_day", "spendmonth": "spend_month", "outcomeday": "outcome_day"}
    run(f"DELETE FROM attribution_{table}")
    assert check[table] in found()


@pytest.mark.parametrize(
    "column", ["items", "credit_ppm", "value_ppm", "billed_nanos", "effective_nanos"]
)
def test_finished_work_counted_once_too_often_is_named(books, column):
    run(f"UPDATE attribution_outcomeday SET {column} = {column} + 1")
    assert "outcome_day" in found()


def test_a_cost_filed_under_another_day_than_its_item_is_named(books):
    WorkItem.objects.update(state="open", completed_at=None)
    violation = named("outcome_item")
    assert (violation.expected, violation.found) == ("pull_request open", f"pull_request {DAY}")


# --- what logs saw --------------------------------------------------------------------------


def test_a_log_that_says_something_else_is_named(books):
    run("UPDATE attribution_logday SET measure = 2")
    assert named("log_day").difference == "1"


def test_logs_that_are_added_up_are_named(books):
    run(
        "INSERT INTO attribution_logday (day, scope_key, model, sub_account_id, log_source_id,"
        " document, measure, fineness, factor) SELECT day, scope_key, model, sub_account_id,"
        " log_source_id, 'other', measure, fineness, 1 FROM attribution_logday"
    )
    assert found()["logs_added"] == "1"


def test_a_log_that_counts_twice_is_named(books):
    run("UPDATE attribution_logday SET factor = 2")
    assert named("log_factor").found.startswith("2.0")


@pytest.mark.parametrize("column", ["tokens", "list_nanos"])
def test_usage_of_a_day_that_its_logs_do_not_show_is_named(books, column):
    run(f"UPDATE attribution_usageday SET {column} = {column} + 1")
    assert found()["usage_day"] == "1"


def test_two_logs_of_one_bill_tie_to_the_finer_one_and_what_it_missed():
    of = facts.source("acme")
    part = facts.deliver(of, "charge", "b", "2026-10-01", "2026-10-01")
    facts.charge(part, "2026-10-01", 9_000)
    for key, tokens, session in (("one", 100, "s1"), ("two", 130, "")):
        log = facts.deliver(facts.source(key), "usage", key, "2026-10-01", "2026-10-01", key)
        facts.usage(log, "2026-10-01 10:00", model="m", input_tokens=tokens, session=session,
                    billing_scope="acme")  # fmt: skip
    settle(now=facts.at("2026-11-01"))
    assert UsageDay.objects.get().tokens == 130
    assert found().keys() & {"log_day", "logs_added", "log_factor", "usage_day"} == set()


# --- names nobody owns ----------------------------------------------------------------------


@pytest.fixture
def strangers() -> None:
    """A bill with a key that nobody owns, and work of somebody unknown beside somebody known."""
    give("focus", bill("4"))
    of = facts.source("gateway")
    part = facts.deliver(of, "charge", "b", "2026-10-01", "2026-10-01")
    facts.charge(part, "2026-10-01", 9_000, api_key="Key-1")
    facts.person("ann", "core")
    facts.charge(part, "2026-10-01", 1_000, line=3, actor="ann@acme.test")
    facts.item("acme/app#1", ended="2026-10-01", people=("ann", "zoe"))
    settle(now=facts.at("2026-11-01"))


def test_names_without_owner_tie(strangers):
    assert list(NameDay.objects.values_list("name", "reporting_nanos")) == [("key-1", 9_000)]
    assert list(ActorSeen.objects.values_list("name", "items")) == [("zoe@acme.test", 1)]
    assert found().keys() & {"name_day", "actor_seen"} == set()


@pytest.mark.parametrize("column", ["cells", "reporting_nanos", "teamless_nanos"])
def test_a_name_with_another_sum_than_its_cells_is_named(strangers, column):
    run(f"UPDATE attribution_nameday SET {column} = {column} + 1")
    assert found()["name_day"] == "1"


def test_a_name_that_somebody_owns_and_still_queues_is_named(strangers):
    facts.Identity.objects.create(
        namespace="anthropic", external_id="KEY-1", person=facts.person("bob")
    )
    Dirty.objects.all().delete()
    assert named("name_day").found == "1"


def test_an_actor_that_is_not_counted_is_named(strangers):
    run("DELETE FROM attribution_actorseen")
    assert "actor_seen" in found()


# --- splits ---------------------------------------------------------------------------------


def settle_an_odd_split() -> dict[str, list[str]]:
    """100 nanos over seven equal calls, once more from nothing."""
    settle(full=True, now=facts.at("2026-11-01"))
    return facts.derived()


def odd_split() -> None:
    of = facts.source("acme")
    part = facts.deliver(of, "charge", "b", "2026-10-01", "2026-10-01")
    facts.charge(part, "2026-10-01", 100)
    log = facts.deliver(of, "usage", "u", "2026-10-01", "2026-10-01")
    for call in range(7):
        facts.usage(log, "2026-10-01 10:00", model="m", input_tokens=1, api_key=f"k{call}")


def test_the_same_facts_give_the_same_split():
    odd_split()
    first = settle_an_odd_split()
    assert all(settle_an_odd_split() == first for _ in range(3))
    assert verify_sums_only() == set()


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_same_facts_give_the_same_split_a_hundred_times():
    odd_split()
    first = settle_an_odd_split()
    assert all(settle_an_odd_split() == first for _ in range(100))


def verify_sums_only() -> set[str]:
    """What does not tie, but for the files that facts written by hand do not have."""
    of_files = {"slice_rows", "slice_total", "usage_lines", "import_file", "import_slice_rows"}
    return found().keys() - of_files
