"""How a bill gets into the books: what it replaces, what it leaves alone, and the way back."""

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import Sum

from billing_ingest.load import CannotUndoError, check, load, receive, undo
from finops.attribution.models import Dirty
from finops.ledger.models import BillingScope, Charge, Import, Slice
from finops.outside import archive
from tests.bills import bill, line, written
from tests.loading import books, give, source

pytestmark = pytest.mark.django_db
OCTOBER, NOVEMBER = date(2026, 10, 1), date(2026, 11, 1)


def active_total() -> Decimal:
    active = Charge.objects.filter(slice__superseded_at=None)
    return active.aggregate(total=Sum("billed_cost"))["total"] or Decimal(0)


def codes(imp: Import) -> list[str]:
    return [warning["code"] for warning in imp.warnings]


def test_a_bill_is_booked_with_its_exact_total():
    imp = give("focus", bill("0.1", "0.2", "1E-24", "-0.05"))

    assert imp.state == "loaded"
    assert imp.totals == {"USD": "0.250000000000000000000001"}
    assert (imp.rows, imp.period_start, imp.period_end) == (4, OCTOBER, NOVEMBER)
    assert active_total() == Decimal("0.250000000000000000000001")


def test_nanos_of_a_slice_add_up_to_its_total_rounded_once():
    give("focus", bill(*["0.0000000004"] * 5, "1"))

    nanos = Charge.objects.order_by("line").values_list("billed_nanos", flat=True)
    assert list(nanos) == [0, 1, 0, 1, 0, 1_000_000_000]


def test_currencies_are_kept_apart():
    lines = [line("1.5", OCTOBER, 0), line("2.5", OCTOBER, 1, currency="EUR")]
    imp = give("focus", written(lines))

    assert imp.totals == {"EUR": "2.5", "USD": "1.5"}
    assert Slice.objects.get().totals == {"EUR": "2.5", "USD": "1.5"}


def test_restated_bill_replaces_old_rows_and_keeps_them_readable():
    first = give("focus", bill("10", "20"))
    second = give("focus", bill("10", "21"))

    old, new = Slice.objects.order_by("id")
    assert (old.imp, old.superseded_by, new.imp, new.superseded_at) == (first, new, second, None)
    assert old.superseded_at is not None
    assert active_total() == 31
    assert old.charges.count() == 2


def test_one_file_may_hold_several_bills_and_only_those_are_replaced():
    give("focus", written([line("10", OCTOBER, 0), line("5", NOVEMBER, 0)]))
    give("focus", bill("12"))

    assert active_total() == 17
    kept = Slice.objects.get(superseded_at=None, billing_scope__billing_period_start=NOVEMBER)
    assert kept.totals == {"USD": "5"}


def test_unchanged_part_of_a_delivery_makes_no_new_version():
    give("focus", written([line("10", OCTOBER, 0), line("5", NOVEMBER, 0)]))
    again = give("focus", written([line("10", OCTOBER, 0), line("6", NOVEMBER, 0)]))

    assert Slice.objects.count() == 3
    (kept,) = again.preview["unchanged_slices"]
    assert Slice.objects.get(id=kept).totals == {"USD": "10"}
    assert again.totals == {"USD": "16"}


def test_other_bytes_with_the_same_rows_are_no_new_version():
    first = give("focus", bill("10", "20"))
    before = books()
    again = give("focus", bill("10", "20").replace(b"\r\n", b"\n"))

    assert (again.state, again.duplicate_of, codes(again)) == ("duplicate", first, ["unchanged"])
    assert books() == before


def test_same_bytes_in_another_scope_are_no_duplicate():
    give("focus", bill("10"), scope="all")
    again = give("focus", bill("10"), scope="ai")

    assert again.duplicate_of is None or codes(again) == ["unchanged"]


def test_bytes_that_were_replaced_count_again_with_a_warning():
    give("focus", bill("10", "20"))
    give("focus", bill("10", "21"))
    back = give("focus", bill("10", "20"))

    assert (back.state, codes(back)) == ("loaded", ["smaller", "active_again"])
    assert active_total() == 30


def test_a_delivery_that_takes_away_a_lot_waits_for_a_yes():
    give("focus", bill("10", "20", "30"))
    before = books()
    held = give("focus", bill("10"))

    assert (held.state, held.errors[0]["code"]) == ("held", "shrinks")
    assert held.preview["shrink"]["rows_before"] == 3
    assert books() == before

    load(held, allow_shrink=True)
    assert (held.state, active_total()) == ("loaded", 10)


def test_a_smaller_loss_is_said_and_booked():
    give("focus", bill("10", "20", "30", "40"))
    imp = give("focus", bill("10", "20", "30", "35"))

    assert (imp.state, codes(imp)) == ("loaded", ["smaller"])


def test_more_rows_with_much_less_money_are_held():
    give("focus", bill("10", "20"))
    assert give("focus", bill("1", "1", "1")).state == "held"


def test_undo_lets_what_was_replaced_count_again():
    give("focus", bill("10", "20"))
    second = give("focus", bill("10", "25"))
    undo(second, by="ana")

    assert (second.state, active_total()) == ("undone", 30)
    assert not Slice.objects.filter(superseded_at__isnull=False, imp__state="loaded").exists()


def test_undo_of_a_bill_that_was_replaced_since_leaves_the_newest_alone():
    first = give("focus", bill("10", "20"))
    second = give("focus", bill("10", "25"))
    third = give("focus", bill("10", "28"))
    undo(second, by="ana")
    assert active_total() == 38

    undo(third, by="ana")
    assert active_total() == 30
    assert Slice.objects.get(superseded_at=None).imp == first


def test_what_was_merged_cannot_be_taken_back():
    imp = give("people_csv", b"email,team\nana@example.com,Core\n")

    with pytest.raises(CannotUndoError):
        undo(imp, by="ana")


def test_first_source_of_a_bill_is_its_feed_and_the_next_one_evidence():
    first = give("focus", bill("10"), key="export")
    second = give("focus", bill("11"), key="console")

    scope = BillingScope.objects.get()
    assert (scope.feed, second.state) == (first.source, "loaded")
    assert "export" in second.warnings[0]["message"]
    assert codes(second) == ["evidence"]
    assert Slice.objects.filter(superseded_at=None, billing_scope=scope).count() == 2


def test_when_the_feed_is_taken_back_the_other_bill_becomes_the_feed():
    first = give("focus", bill("10"), key="export")
    second = give("focus", bill("11"), key="console")
    Dirty.objects.all().delete()
    undo(first, by="ana")

    assert BillingScope.objects.get().feed == second.source
    assert {mark.ref for mark in Dirty.objects.filter(what="slice")} == {
        str(part.id) for part in Slice.objects.all()
    }


def test_every_slice_that_changed_is_left_for_settle():
    give("focus", bill("10"))
    Dirty.objects.all().delete()
    give("focus", bill("11"))

    assert sorted(Dirty.objects.values_list("what", "ref")) == sorted(
        ("slice", str(part.id)) for part in Slice.objects.all()
    )


def test_scope_ai_books_ai_lines_and_counts_the_rest():
    lines = [
        line("10", OCTOBER, 0),
        line("3", OCTOBER, 1, category="Compute"),
        line("0.5", OCTOBER, 2, category="Compute") | {"ServiceName": "Amazon Bedrock"},
    ]
    imp = give("focus", written(lines), scope="ai")

    assert (imp.rows, imp.totals, imp.out_of_scope) == (2, {"USD": "10.5"}, {"USD": "3"})
    assert active_total() == Decimal("10.5")


def test_a_bill_without_an_ai_line_is_all_out_of_scope():
    imp = give("focus", bill("3", category="Compute"), scope="ai")

    assert (imp.state, imp.rows, imp.totals, imp.out_of_scope) == ("loaded", 0, {}, {"USD": "3"})


def test_charges_of_many_months_find_their_partition():
    lines = [line("1", date(2026, month, 1), 0) for month in range(1, 13)]
    assert give("focus", written(lines)).rows == 12
    assert Charge.objects.values("charged_on").distinct().count() == 12


def test_lines_that_say_the_same_are_all_kept_and_said():
    one = line("1.25", OCTOBER, 0)
    imp = give("focus", written([one, one]))

    assert (imp.totals, codes(imp)) == ({"USD": "2.5"}, ["same_lines"])


def test_line_numbers_are_true_when_cells_hold_line_ends():
    lines = [line("1", OCTOBER, 0), line("2", OCTOBER, 1), line("3", OCTOBER, 2)]
    lines[0]["ServiceName"] = "two\nlines"
    lines[1]["ServiceName"] = "three\n\nlines"
    give("focus", written(lines))

    assert list(Charge.objects.order_by("line").values_list("line", flat=True)) == [2, 4, 7]
    assert Charge.objects.get(line=4).service_name == "three\n\nlines"


def test_ids_keep_their_zeros_and_digits():
    lines = [line("1", OCTOBER, 0) | {"BillingAccountId": "00012345678901234567890"}]
    give("focus", written(lines))

    assert Charge.objects.get().billing_account_id == "00012345678901234567890"


def test_check_reads_everything_and_books_nothing():
    give("focus", bill("10"), key="export")
    before = books()
    imp = receive(source("focus", "console"), "b.csv", bill("10", "2"), state="checking")
    check(imp)

    assert (imp.state, imp.totals) == ("ready", {"USD": "12"})
    assert imp.preview["columns"][0] == "line"
    assert [row[0] for row in imp.preview["rows"]] == ["2", "3"]
    assert codes(imp) == ["evidence"]
    assert books() == before


def test_check_says_what_would_be_replaced():
    first = give("focus", bill("10"))
    imp = receive(source("focus"), "b.csv", bill("11"), state="checking")
    check(imp)

    (replaced,) = imp.preview["replaces"]
    assert (replaced["import_id"], replaced["totals"]) == (first.id, {"USD": "10"})
    assert imp.preview["change"] == {"USD": "+1"}


def test_check_says_that_the_same_bytes_are_there_already():
    first = give("focus", bill("10"))
    imp = receive(source("focus"), "b.csv", bill("10"), state="checking")
    check(imp)

    assert (imp.state, imp.duplicate_of, codes(imp)) == ("ready", first, ["duplicate"])


def test_an_import_that_has_ended_is_left_as_it_is():
    imp = give("focus", bill("10"))
    before = books()

    assert load(imp).state == "loaded"
    assert books() == before


def test_raw_bytes_are_kept_under_their_hash():
    body = bill("10")
    imp = give("focus", body)

    with archive.open_raw(imp.sha256) as stream:
        assert stream.read() == body


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\x00.csv", "x" * 400 + ".csv", "b\u202ecsv.exe", "CON", ""]
)
def test_a_file_name_is_never_a_path(name):
    imp = give("focus", bill("10"), name or " ")

    assert imp.state == "loaded"
    assert len(imp.filename) <= 200
    assert not set("/\\\x00\u202e") & set(imp.filename.replace("\\u202e", "").replace("\\x00", ""))
