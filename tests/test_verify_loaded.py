"""Whatever is done to the books by their own doors, they tie afterwards."""

import gzip
import json
from datetime import UTC, date, datetime

import pytest

from billing_ingest import load
from billing_ingest.registry import connector
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.ledger.models import Import, Source
from tests.bills import bill
from tests.test_anthropic import cost

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 5, tzinfo=UTC)


def bring(content: bytes, slug: str = "focus", name: str = "bill.csv", **more: object) -> Import:
    source = load.default_source(connector(slug))
    return load.load(load.receive(source, name, content, **more), allow_shrink=True)


def assert_books_tie() -> None:
    verdict = verify()
    assert [str(violation) for violation in verdict.violations] == []
    assert verdict.unread == []


def test_books_tie_before_and_after_settle():
    bring(bill("1.123456789012345678901", "0.000000001", "-2.5", "1E-7"))
    assert_books_tie()
    settle(now=NOW)
    assert_books_tie()
    assert verify().unsettled == 0


def test_books_tie_after_a_restated_bill_and_its_undoing():
    bring(gzip.compress(bill("10", "20")), name="bill.csv.gz")
    settle(now=NOW)
    again = bring(bill("10", "21.5", "0.1"))
    settle(now=NOW)
    assert_books_tie()
    load.undo(again, by="ann")
    assert_books_tie()
    settle(now=NOW)
    assert_books_tie()


def test_a_part_that_came_unchanged_is_counted_once():
    october, november = bill("10", "20"), bill("5", month=date(2026, 11, 1))
    bring(october)
    both = bring(october + november.split(b"\n", 1)[1], name="both.csv")
    assert both.preview["unchanged_slices"]
    settle(now=NOW)
    assert_books_tie()


def test_what_is_out_of_scope_is_told_apart_and_not_lost():
    mixed = bill("10") + bill("3", category="Compute").split(b"\n", 1)[1]
    imp = bring(mixed, scope="ai")
    assert imp.out_of_scope == {"USD": "3"}
    assert_books_tie()


def test_a_bill_that_is_only_evidence_books_nothing_and_ties():
    bring(bill("10"))
    other = Source.objects.create(key="second", name="Second", connector="focus")
    load.load(load.receive(other, "other.csv", bill("11")))
    settle(now=NOW)
    assert_books_tie()


def test_currencies_stay_apart():
    bring(bill("10") + bill("7", currency="EUR").split(b"\n", 1)[1])
    settle(now=NOW)
    assert_books_tie()


def test_anthropic_reports_tie_to_their_cents():
    results = [cost(amount) for amount in ("123.78912", "0.1")]
    day = {"starting_at": "2026-10-01T00:00:00Z", "ending_at": "2026-10-02T00:00:00Z"}
    page = {"data": [{**day, "results": results}], "has_more": False, "next_page": None}
    imp = bring(json.dumps(page).encode(), "anthropic", "cost.json")
    assert imp.state == Import.State.LOADED, imp.errors
    assert imp.totals == {"USD": "1.2388912"}
    settle(now=NOW)
    assert_books_tie()


def test_a_total_bent_by_one_in_the_last_digit_is_found():
    imp = bring(bill("1.123456789012345678901"))
    Import.objects.filter(pk=imp.pk).update(totals={"USD": "1.123456789012345678902"})
    differences = {violation.difference for violation in verify().violations}
    assert "0.000000000000000000001" in differences
