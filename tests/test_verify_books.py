"""Every kind of error is put into correct books once, and verify_books must name it."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from finops.attribution.models import Allocation, Cell, Dirty, SpendDay
from finops.attribution.verify.books import verify
from finops.ledger.models import BillingScope, Import, Slice
from finops.outside import archive
from tests.breaking import found, named, run
from tests.small_books import BILLED, DAY, FILE, HALF, NOON, Books, charge_of, small_books

pytestmark = pytest.mark.django_db


@pytest.fixture
def books() -> Books:
    return small_books(archive.put(FILE).sha256)


def test_correct_books_tie(books):
    verdict = verify()
    assert verdict.violations == []
    assert verdict.unread == []
    assert verdict.unsettled == 0


def test_empty_books_tie():
    assert verify().ok


# --- the files ----------------------------------------------------------------------------


def test_a_total_that_is_not_the_file_is_named_with_its_difference(books):
    run('UPDATE ledger_import SET totals = \'{"USD": "1.2345670003"}\' WHERE id = %s', books.imp.pk)
    (violation,) = [v for v in verify().violations if v.check == "import_total"]
    assert violation.expected == BILLED
    assert violation.found == "1.2345670003"
    assert violation.difference == "-0.0000000001"
    assert "october.csv" in violation.where
    assert violation.where.endswith("USD")


def test_money_out_of_scope_counts_towards_the_file(books):
    run('UPDATE ledger_import SET out_of_scope = \'{"USD": "0.5"}\' WHERE id = %s', books.imp.pk)
    assert found()["import_total"] == "0.5"


def test_a_file_that_was_changed_in_the_archive_is_named(books):
    path = Path(archive.address_of(books.imp.sha256))
    path.write_bytes(FILE + b"\n")
    try:
        assert "import_file" in found()
    finally:
        path.write_bytes(FILE)


def test_a_file_that_is_gone_from_the_archive_is_named(books):
    Import.objects.update(sha256="0" * 64)
    assert "import_file" in found()


def test_a_bill_of_an_unknown_kind_is_listed_as_unread(books):
    books.source.connector = "homemade"
    books.source.save()
    verdict = verify()
    assert verdict.ok
    assert "october.csv" in verdict.unread[0]


# --- the ledger ---------------------------------------------------------------------------


def test_a_lost_charge_is_named(books):
    run("DELETE FROM ledger_charge")
    differences = found()
    assert differences["slice_rows"] == "-1"
    assert differences["slice_total"] == f"-{BILLED}"
    assert differences["cell_of_unbooked_charge"] == "2"


def test_a_charge_that_is_not_a_number_is_named(books):
    run("ALTER TABLE ledger_charge DROP CONSTRAINT ledger_charge_is_finite")
    run("UPDATE ledger_charge SET billed_cost = 'NaN'")
    assert {"slice_total", "slice_nanos", "charge_nanos"} <= found().keys()


@pytest.mark.parametrize("column", ["billed_nanos", "effective_nanos"])
def test_one_nano_too_much_in_a_charge_is_named(books, column):
    run(f"UPDATE ledger_charge SET {column} = {column} + 1")
    differences = found()
    assert differences["slice_nanos"] == "1"
    assert differences["cells_of_charge"] == "-1"


def test_a_charge_booked_far_from_its_amount_is_named_though_the_slice_ties(books):
    charge_of(books.slice, "1", 1_000_000_002, line=3)
    charge_of(books.slice, "1", 999_999_998, line=4)
    Slice.objects.filter(pk=books.slice.pk).update(rows=3, totals={"USD": "3.2345670004"})
    differences = found()
    assert differences["charge_nanos"] in ("2", "-2")
    assert "slice_nanos" not in differences


def test_an_import_whose_slices_hold_less_is_named(books):
    run('UPDATE ledger_import SET totals = \'{"USD": "2"}\' WHERE id = %s', books.imp.pk)
    assert found()["import_slices"] == "-0.7654329996"


def test_a_part_that_came_unchanged_stands_in_an_older_slice(books):
    books.imp.pk = None
    books.imp.preview = {"unchanged_slices": [books.slice.pk]}
    books.imp.save()
    assert verify().ok
    books.imp.preview = {}
    books.imp.save()
    assert found()["import_slices"] == f"-{BILLED}"


def test_two_active_versions_of_a_part_are_named(books):
    run("DROP INDEX slice_active_once")
    again = Slice.objects.get(pk=books.slice.pk)
    again.pk = None
    again.rows, again.totals = 0, {}
    again.save()
    assert found()["slice_active_once"] == "1"


def test_a_scope_with_two_feeds_is_named(books):
    run("SET CONSTRAINTS ALL IMMEDIATE")
    run("ALTER TABLE ledger_billingscope DROP CONSTRAINT billing_scope_once")
    scope = BillingScope.objects.get()
    scope.pk = None
    scope.save()
    assert found()["scope_feed"] == "1"


def test_a_bill_without_a_scope_is_named(books):
    Slice.objects.update(billing_scope=None)
    assert "scope_missing" in found()


def test_a_charge_in_the_slice_of_another_account_is_named(books):
    run("UPDATE ledger_charge SET billing_account_id = 'b2'")
    assert found()["scope_charges"] == "1"


# --- cells --------------------------------------------------------------------------------


def test_a_charge_without_cells_is_named(books):
    charge = charge_of(books.slice, "5", 5_000_000_000, line=3)
    Slice.objects.filter(pk=books.slice.pk).update(rows=2, totals={"USD": "6.2345670004"})
    (violation, *_) = [v for v in verify().violations if v.check == "cells_of_charge"]
    assert f"/{charge.id} (import {books.imp.pk}, line 3), billed" in violation.where
    assert (violation.expected, violation.found) == ("5000000000", "0")


@pytest.mark.parametrize("column", ["billed_nanos", "effective_nanos"])
def test_a_cell_one_nano_short_is_named(books, column):
    cell = Cell.objects.filter(charge_id__isnull=False).first()
    Cell.objects.filter(pk=cell.pk).update(**{column: HALF - 1})
    differences = found()
    assert differences["cells_of_charge"] == "-1"
    assert differences["allocations_of_cell"] == "1"


def test_cells_in_another_currency_than_their_charge_are_named(books):
    Cell.objects.filter(charge_id__isnull=False).update(currency="EUR")
    assert {"cells_of_charge", "cell_of_unbooked_charge", "allocation_cell"} <= found().keys()


def test_cells_of_a_superseded_charge_are_named(books):
    run("UPDATE ledger_slice SET superseded_at = now() WHERE \"table\" = 'charge'")
    assert found()["cell_of_unbooked_charge"] == "2"


def test_cells_of_a_bill_that_is_only_evidence_are_named(books):
    other = books.source
    other.pk, other.key = None, "other"
    other.save()
    BillingScope.objects.update(feed=other)
    assert found()["cell_of_unbooked_charge"] == "2"


def test_a_slice_that_waits_for_settle_is_left_out_and_said(books):
    run("UPDATE ledger_slice SET superseded_at = now() WHERE \"table\" = 'charge'")
    Dirty.objects.create(what="slice", ref=str(books.slice.pk))
    verdict = verify()
    assert verdict.ok
    assert verdict.unsettled == 1


def test_a_cell_of_superseded_usage_is_named(books):
    run("UPDATE ledger_slice SET superseded_at = now() WHERE \"table\" = 'usage'")
    assert "cell_of_old_usage" in found()


def test_a_provisional_cell_on_a_billed_day_is_named(books):
    Cell.objects.filter(is_provisional=True).update(day=DAY, at=NOON)
    assert found()["provisional_despite_bill"] == "1"


def test_a_cell_that_stands_on_nothing_is_named(books):
    Cell.objects.filter(is_provisional=True).update(is_provisional=False)
    assert "provisional_shape" in found()


def test_a_wrong_conversion_is_named(books):
    cell = Cell.objects.first()
    Cell.objects.filter(pk=cell.pk).update(reporting_billed_nanos=HALF + 1)
    assert found()["cell_converted"] == "1"


def test_an_amount_converted_without_a_rate_is_named(books):
    Cell.objects.update(currency="EUR", fx_rate=None)
    assert "cell_converted" in found()


# --- allocations and rollups --------------------------------------------------------------


@pytest.mark.parametrize(
    "column",
    [
        "billed_nanos",
        "effective_nanos",
        "reporting_billed_nanos",
        "reporting_effective_nanos",
    ],
)
def test_an_allocation_one_nano_over_is_named_in_each_amount(books, column):
    allocation = Allocation.objects.filter(tier="A1").first()
    Allocation.objects.filter(pk=allocation.pk).update(**{column: HALF + 1})
    differences = found()
    assert differences["allocations_of_cell"] == "1"
    assert differences["spend_day"] == "-1"
    assert differences["item_day"] == "-1"
    if column.startswith("reporting"):
        assert differences["outcome_cost"] == "-1"


def test_a_lost_allocation_is_named(books):
    Allocation.objects.filter(tier="C").delete()
    violations = [v for v in verify().violations if v.check == "allocations_of_cell"]
    assert {v.found for v in violations} == {""}


def test_an_allocation_of_another_payer_is_named(books):
    Allocation.objects.update(team_id=None)
    assert {"allocation_place", "allocation_end", "spend_day", "item_day"} <= found().keys()


@pytest.mark.parametrize(
    "broken",
    [
        {"tier": "A1", "item_id": None},
        {"tier": "A1", "item_id": 999_999_999},
        {"tier": "E", "reason": "", "item_id": None},
        {"tier": "Z", "item_id": None},
    ],
)
def test_an_allocation_that_ends_nowhere_is_named(books, broken):
    Allocation.objects.filter(tier="A1").update(**broken)
    assert "allocation_end" in found()


def test_a_wrong_daily_spend_is_named(books):
    SpendDay.objects.filter(tier="A").update(billed_nanos=1)
    assert found()["spend_day"] == str(1 - HALF)


def test_a_daily_spend_without_allocation_is_named(books):
    SpendDay.objects.filter(tier="A").update(day="2026-01-01")
    assert found()["spend_day"] in (str(HALF), str(-HALF))


def test_a_lost_item_day_is_named(books):
    run("DELETE FROM attribution_itemday")
    assert found()["item_day"] == str(-HALF)


def test_a_wrong_outcome_cost_is_named(books):
    run("UPDATE attribution_outcomecost SET effective_nanos = 0")
    assert found()["outcome_cost"] == str(-HALF)


def test_credit_that_is_not_one_whole_is_named(books):
    run("UPDATE attribution_itemteam SET credit_ppm = 999999")
    differences = found()
    assert differences["item_credit"] == "-1"
    assert differences["outcome_credit"] == "1"


def test_a_fate_that_disagrees_is_named(books):
    run("UPDATE attribution_itemfate SET fate = 'reverted'")
    violation = named("item_fate")
    assert (violation.expected, violation.found) == ("reverted", "value")
    assert "spend_day" in found()


@pytest.mark.parametrize("column", ["vendor", "model", "meter", "provider", "service_tier"])
def test_a_daily_spend_under_another_name_than_its_cells_is_named(books, column):
    run(f"UPDATE attribution_spendday SET {column} = 'other' WHERE tier = 'A'")
    wheres = [v.where for v in verify().violations if v.check == "spend_day"]
    assert sum("other" in where for where in wheres) == len(wheres) // 2 > 0


@pytest.mark.parametrize("column", ["vendor", "model", "meter", "source_id"])
def test_an_item_day_under_another_name_than_its_cells_is_named(books, column):
    value = "7" if column == "source_id" else "'other'"
    run(f"UPDATE attribution_itemday SET {column} = {value}")
    assert "item_day" in found()


def test_two_errors_of_a_day_that_cancel_out_are_both_named(books):
    up, down = Allocation.objects.filter(day=DAY).order_by("pk")
    Allocation.objects.filter(pk=up.pk).update(billed_nanos=HALF + 5)
    Allocation.objects.filter(pk=down.pk).update(billed_nanos=HALF - 5)
    differences = [v.difference for v in verify().violations if v.check == "allocations_of_cell"]
    assert sorted(differences) == ["-5", "5"]


def test_amounts_of_any_size_and_sign_have_exact_fingerprints(books):
    for nanos in (2**62, -(2**62), -1, 0):
        for model in (Allocation, Cell, SpendDay):
            model.objects.all().update(billed_nanos=nanos, reporting_effective_nanos=nanos)
        run("UPDATE attribution_itemday SET billed_nanos = %s, reporting_effective_nanos = %s",
            nanos, nanos)  # fmt: skip
        assert found().keys() & {"allocations_of_cell", "spend_day", "item_day"} == set()


def test_an_allocation_without_a_cell_is_named(books):
    allocation = Allocation.objects.first()
    allocation.pk, allocation.cell_id = None, 999_999_999
    allocation.save()
    assert "allocation_cell" in found()


def test_a_long_list_is_cut_and_says_so(books):
    cell = Cell.objects.first()
    for _ in range(120):
        cell.pk = None
        cell.save()
    violations = [v for v in verify().violations if v.check == "allocations_of_cell"]
    assert len(violations) == 101
    assert violations[-1].where == "not listed"


# --- the command --------------------------------------------------------------------------


def test_the_command_says_ok_in_json(books):
    out = StringIO()
    call_command("verify_books", "--json", stdout=out)
    assert json.loads(out.getvalue()) == {
        "ok": True, "violations": [], "unread": [], "unsettled": 0,
    }  # fmt: skip


def test_the_command_exits_1_and_lists_what_is_wrong(books):
    run("UPDATE attribution_itemteam SET credit_ppm = 999999")
    out = StringIO()
    with pytest.raises(SystemExit) as stop:
        call_command("verify_books", "--json", stdout=out)
    assert stop.value.code == 1
    answer = json.loads(out.getvalue())
    assert answer["ok"] is False
    assert answer["violations"][0].keys() == {
        "check", "what", "where", "expected", "found", "difference",
    }  # fmt: skip


def test_the_command_speaks_in_words(books):
    run("UPDATE attribution_itemteam SET credit_ppm = 999999")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_books", stdout=out)
    assert "expected 1000000, found 999999, difference -1" in out.getvalue()
    assert "The books do not tie: 2 violations." in out.getvalue()
