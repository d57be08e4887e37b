"""What one work item cost, and the lines behind any figure."""

from datetime import date
from decimal import Decimal

import pytest

from finops.attribution.queries.cells import cells, charge
from finops.attribution.queries.receipts import receipt
from finops.attribution.queries.shapes import CellFilter, Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.money import CENT_NANOS
from finops.outcomes.models import WorkItemLink
from finops.periods import Period
from tests.books import NOW, Books, noon, october, worked_month

pytestmark = pytest.mark.django_db

OCTOBER = Period(october(1), date(2026, 11, 1))
WHOLE = Scope(OCTOBER)


def receipt_of(books, name):
    return receipt(books.items[name].pk, cost="billed", now=NOW)


def test_a_receipt_adds_up_to_the_direct_cost_by_tier():
    found = receipt_of(worked_month(), "PR-2")
    assert found.direct == sum(line.nanos for line in found.lines) == 29_667_000_000
    assert found.tiers == {"A": 4_662_000_000, "B": 25_005_000_000}
    assert [line.why for line in found.lines] == [
        "the session named in the commits", "person and time window",
    ]  # fmt: skip
    assert found.team.slug == "core"
    assert found.payers == [(found.team, found.direct)]


def test_direct_pool_and_overhead_of_a_month_are_its_loaded_cost():
    books = worked_month()
    found = [receipt_of(books, name) for name in ("PR-1", "PR-2", "PR-3")]
    assert [r.pool_share for r in found] == [3_333_333_334, 3_333_333_333, 3_333_333_333]
    assert sum(r.overhead_share for r in found) == pytest.approx(33_498_383_120, abs=2)
    assert receipt_of(books, "PR-5").pool_share == 0


def test_a_line_names_file_line_quantity_and_list_price():
    books = Books()
    books.item("PR-1", done=october(5), created_at=noon(october(2)), size_added=10)
    bill = books.bill_line(
        october(4), 900, line=4812, consumed_quantity=Decimal(2_000_000), list_cost=Decimal(10)
    )
    books.spend(
        october(4), 900, team="core", item="PR-1", tier="B", meter="input", model="opus", **bill
    )
    books.settled()
    found = receipt_of(books, "PR-1")
    (line,) = found.lines
    assert (line.filename, line.line, line.source) == ("anthropic 2026-10.csv", 4812, "Anthropic")
    assert (line.quantity, line.list_nanos) == (2_000_000, 10_000_000_000)
    assert (found.cycle_days, found.lines_changed) == (Decimal("3.0"), 10)
    assert found.days == [(october(4), "opus", 900 * CENT_NANOS)]


def test_usage_gives_the_tokens_of_the_meter_and_only_the_part_that_reached_the_item():
    books = Books()
    books.item("PR-1", done=october(5))
    bill = books.bill_line(october(4), 1000)
    log = books.log_line(
        october(4),
        input_tokens=100,
        output_tokens=1000,
        output_list_cost=Decimal(20),
        list_cost=Decimal(25),
    )
    allocation = books.spend(
        october(4), 1000, team="core", item="PR-1", meter="output", session="s1", **bill, **log
    )
    allocation.billed_nanos //= 4
    allocation.reporting_billed_nanos //= 4
    allocation.save()
    found = receipt_of(books.settled(), "PR-1")
    (line,) = found.lines
    assert (line.quantity, line.list_nanos, line.nanos) == (250, 5 * 10**9, 250 * CENT_NANOS)
    assert found.sessions == 1


def test_a_provisional_line_points_to_the_log_because_there_is_no_bill_yet():
    books = Books()
    books.item("PR-1", done=october(5))
    log = books.log_line(october(4), line=17, input_tokens=5)
    books.spend(october(4), 10, team="core", item="PR-1", is_provisional=True, **log)
    (line,) = receipt_of(books.settled(), "PR-1").lines
    assert (line.is_provisional, line.charge_id) == (True, None)
    assert (line.filename, line.line, line.quantity, line.list_nanos) == ("log.jsonl", 17, 5, None)


def test_a_receipt_shows_what_reverts_and_redoes_it():
    books = worked_month()
    for item, said, target in (("PR-2", "reverts", "PR-1"), ("PR-3", "fixes", "PR-1")):
        WorkItemLink.objects.create(
            item=books.items[item], link_type=said, target_kind="pull_request",
            target_key=target.lower(), evidence="api",
        )  # fmt: skip
    assert [(role, name) for role, _, name, _ in receipt_of(books, "PR-1").related] == [
        ("fixed by", "PR-3"), ("reverted by", "PR-2"),
    ]  # fmt: skip
    ((role, _, name, nanos),) = receipt_of(books, "PR-2").related
    assert (role, name, nanos) == ("reverts", "PR-1", 12345 * CENT_NANOS)


def test_money_of_another_team_is_shown_as_another_payer():
    books = Books()
    books.item("PR-1", done=october(5))
    books.spend(october(4), 100, team="core", item="PR-1")
    books.spend(october(4), 300, team="data", item="PR-1")
    found = receipt_of(books.settled(), "PR-1")
    assert [(team.slug, nanos // CENT_NANOS) for team, nanos in found.payers] == [
        ("data", 300),
        ("core", 100),
    ]


def test_an_unknown_item_has_no_receipt():
    assert receipt(404, cost="billed", now=NOW) is None


def test_a_receipt_needs_few_statements(django_assert_max_num_queries):
    books = worked_month()
    with django_assert_max_num_queries(12):
        receipt_of(books, "PR-2")


def test_pages_of_cells_hold_every_cell_once_the_largest_first():
    worked_month()
    found, after = [], None
    while True:
        page = cells(WHOLE, CellFilter(), after=after, limit=4)
        found += page.rows
        assert (page.count, page.nanos) == (14, 31500 * CENT_NANOS)
        if (after := page.after) is None:
            break
    assert len({row.allocation_id for row in found}) == 14
    assert [abs(row.nanos) for row in found] == sorted(
        (abs(row.nanos) for row in found), reverse=True
    )
    assert found[0].item == "PR-1"


@pytest.mark.parametrize(
    ("where", "cents"),
    [
        (CellFilter(tier="A"), 15682),
        (CellFilter(tier="AD"), 15682 + 3831),
        (CellFilter(fate="abandoned"), 2500),
        (CellFilter(fate="abandoned,pooled"), 2500 + 4333),
        (CellFilter(fate="pooled"), 4333),
        (CellFilter(reason="no_identity"), 250),
        (CellFilter(tier="D"), 3831),
        (CellFilter(no_team=True), 250),
        (CellFilter(no_team=True, tier="D"), 3831),
        (CellFilter(vendor="Anthropic"), 31500),
        (CellFilter(source="other"), 0),
        (CellFilter(is_provisional=True), 0),
    ],
)
def test_a_filter_lists_the_cells_of_its_figure(where, cents):
    worked_month()
    page = cells(WHOLE, where)
    assert page.nanos == sum(row.nanos for row in page.rows) == cents * CENT_NANOS


def test_cells_of_a_team_sum_to_its_spend_with_its_part_of_shared_money():
    books = worked_month()
    core = books.team("core").pk
    scope = Scope(OCTOBER, (core,))
    whole, shared = (23622 + 3350) * CENT_NANOS, 3350 * CENT_NANOS
    near = pytest.approx
    assert cells(WHOLE, CellFilter(team=core)).nanos == near(whole, abs=CENT_NANOS)
    assert cells(scope, CellFilter()).nanos == near(whole, abs=CENT_NANOS)
    page = cells(scope, CellFilter(tier="D"))
    assert page.nanos == sum(row.nanos for row in page.rows) == near(shared, abs=CENT_NANOS)
    # To the nano, but for the rounding of each shared cell.
    spend = unit_cost(scope, by=None, now=NOW).total.spend
    assert abs(cells(scope, CellFilter()).nanos - spend) <= page.count
    assert cells(WHOLE, CellFilter(item_id=books.items["PR-1"].pk)).count == 1


def test_a_cell_without_a_rate_shows_its_own_currency():
    books = Books()
    bill = books.bill_line(october(5), 777, line=9)
    books.spend(october(5), 777, team="core", currency="SEK", **bill)
    (row,) = cells(WHOLE, CellFilter()).rows
    assert (row.nanos, row.own_nanos, row.currency) == (None, 777 * CENT_NANOS, "SEK")
    assert (row.filename, row.line) == ("anthropic 2026-10.csv", 9)


def test_a_made_up_continuation_is_refused():
    with pytest.raises(ValueError, match="invalid literal"):
        cells(WHOLE, CellFilter(), after="x-1")


def test_a_charge_opens_with_the_files_own_digits_and_where_they_stand():
    books = Books()
    bill = books.bill_line(october(5), 100, line=9, sku_meter="Input Tokens")
    found = charge(bill["charged_on"], bill["charge_id"])
    assert found["billed_cost"] == 1
    assert (found["sku_meter"], found["line"]) == ("Input Tokens", 9)
    assert (found["source"], found["filename"], found["sha256"]) == (
        "anthropic", "anthropic 2026-10.csv", "0" * 64,
    )  # fmt: skip
    assert charge(october(5), 0) is None
