"""What changed, what is not tied, on what it was spent, and whether to trust it."""

from datetime import date
from decimal import Decimal

import pytest

from finops.attribution.models import UsageDay
from finops.attribution.queries.changes import what_changed
from finops.attribution.queries.mix import model_mix
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.trust import freshness, sources
from finops.attribution.queries.untied import untied
from finops.money import CENT_NANOS
from finops.outcomes.models import WorkItemEvidence
from finops.periods import Period
from tests.books import NOW, Books, noon, october, worked_month

pytestmark = pytest.mark.django_db

SEPTEMBER = Period(date(2026, 9, 1), date(2026, 10, 1))
OCTOBER = Period(october(1), date(2026, 11, 1))
WHOLE = Scope(OCTOBER)
MILLION = 1_000_000


def september(day):
    return date(2026, 9, day)


def log_day(books, day, model, tokens, list_cents, source="anthropic"):
    UsageDay.objects.create(
        day=day, source_id=books.source(source).pk, model=model, currency="USD", tokens=tokens,
        list_nanos=None if list_cents is None else list_cents * CENT_NANOS,
    )  # fmt: skip


def causes(change):
    return {cause.slug: cause.nanos // CENT_NANOS for cause in change.causes}


def finish(books, day, count, cents, first=0, **more):
    for n in range(first, first + count):
        books.item(f"PR-{day:%m}-{n}", done=day)
        books.spend(day, cents, team="core", item=f"PR-{day:%m}-{n}", **more)


def test_more_work_at_the_same_cost_is_volume_and_nothing_else():
    books = Books()
    finish(books, september(5), 10, 700)
    finish(books, october(5), 15, 700)
    change = what_changed(books.settled() and WHOLE, SEPTEMBER)
    assert (change.before, change.after) == (7000 * CENT_NANOS, 10500 * CENT_NANOS)
    (cause,) = change.causes
    assert (cause.slug, cause.name, cause.nanos) == ("volume", "More work done", 3500 * CENT_NANOS)
    assert cause.reason == "5 more merged pull requests than in September"


def test_a_vendor_without_money_before_is_new_and_one_without_money_now_has_ended():
    books = Books()
    books.spend(september(3), 500, team="core", vendor="Copilot", source="copilot")
    books.spend(october(14), 900, team="core", vendor="Cursor", source="cursor")
    books.settled()
    change = what_changed(WHOLE, SEPTEMBER)
    assert causes(change) == {"new_sources": 900, "ended_sources": -500}
    assert [cause.reason for cause in change.causes] == [
        "Cursor, from 14 Oct",
        "Copilot, until 3 Sep",
    ]


def test_a_lower_share_of_list_price_is_price():
    books = Books()
    finish(books, september(5), 1, 9500, model="opus")
    finish(books, october(5), 1, 9200, model="opus")
    log_day(books, september(5), "opus", MILLION, 10000)
    log_day(books, october(5), "opus", MILLION, 10000)
    change = what_changed(books.settled() and WHOLE, SEPTEMBER)
    (cause,) = change.causes
    assert (cause.slug, cause.name, cause.nanos) == ("price", "Lower prices", -300 * CENT_NANOS)
    assert cause.reason == "Anthropic at 92 % of list price, before 95 %"


def test_dearer_models_for_the_same_tokens_are_mix():
    books = Books()
    for day, opus, haiku in ((september(5), 4000, 600), (october(5), 5000, 500)):
        finish(books, day, 1, opus, model="opus")
        finish(books, day, 1, haiku, first=1, model="haiku")
        log_day(books, day, "opus", opus * 10, opus)
        log_day(books, day, "haiku", 100_000 - opus * 10, haiku)
    change = what_changed(books.settled() and WHOLE, SEPTEMBER)
    assert causes(change) == {"mix": 900}
    assert change.causes[0].name == "Dearer mix of models"
    assert change.causes[0].reason == "opus share of Anthropic, 87 % to 91 %"


def test_causes_sum_to_the_change_and_the_rest_is_named():
    books = worked_month()
    finish(books, september(8), 2, 5050, model="opus")
    books.spend(september(9), 777, team="support", vendor="Copilot", source="copilot")
    books.spend(september(9), 333)
    for item in ("PR-09-0", "PR-09-1"):
        books.write_outcome_cost(item, books.items[item])
    log_day(books, september(8), "opus", 1234, 11111)
    for teams in (None, (books.team("core").pk,), (books.team("support").pk,)):
        change = what_changed(Scope(OCTOBER, teams), SEPTEMBER)
        assert sum(cause.nanos for cause in change.causes) == change.after - change.before
    change = what_changed(WHOLE, SEPTEMBER)
    assert causes(change)["volume"] == 5050
    assert change.causes[-1].slug == "rest"
    assert change.causes[-1].reason == (
        "usage per outcome and work not finished yet; pools +43 USD, shared money +35 USD"
        " and unattributed money +7 USD"
    )


def test_nothing_then_and_nothing_now_has_no_cause():
    assert what_changed(WHOLE, SEPTEMBER).causes == []


def test_the_change_needs_few_statements(django_assert_max_num_queries):
    worked_month()
    with django_assert_max_num_queries(12):
        what_changed(WHOLE, SEPTEMBER)


def test_untied_money_says_what_is_missing_and_names_nobody():
    books = Books()
    books.spend(october(3), 500, reason="no_identity", api_key="sk-long-7f3a")
    books.spend(october(3), 200, reason="no_identity", actor="bob@x.example")
    books.spend(october(4), 100, reason="no_identity", actor="eve@x.example")
    books.spend(october(3), 400, reason="unmapped_repo", repo="acme/lab")
    books.spend(october(3), 350, team="core", reason="no_outcome_in_period")
    assert [(row.reason, row.what, row.nanos // CENT_NANOS, row.cells) for row in untied(WHOLE)] == [
        ("no_identity", "key ending 7f3a", 500, 1),
        ("unmapped_repo", "repository acme/lab", 400, 1),
        ("no_outcome_in_period", "people without an item", 350, 1),
        ("no_identity", "people nobody has mapped", 300, 2),
    ]  # fmt: skip
    (row,) = untied(Scope(OCTOBER, (books.team("core").pk,)))
    assert row.nanos == 350 * CENT_NANOS


def test_outcomes_are_shared_by_the_models_whose_money_reached_them():
    books = Books()
    books.item("PR-1", done=october(5))
    books.item("PR-2", done=october(6), fate="reverted")
    books.spend(september(28), 300, team="core", item="PR-1", model="opus")
    books.spend(october(5), 100, team="core", item="PR-1", model="haiku")
    books.spend(october(6), 50, team="core", item="PR-2", model="haiku")
    books.spend(october(7), 40, vendor="Copilot")
    books.settled()
    rows = {(row.vendor, row.model): row for row in model_mix(WHOLE, now=NOW)}
    assert {key: row.nanos // CENT_NANOS for key, row in rows.items()} == {
        ("Anthropic", "haiku"): 150, ("Copilot", ""): 40, ("Anthropic", "opus"): 0,
    }  # fmt: skip
    assert rows["Anthropic", "haiku"].outcomes == Decimal("1.25")
    assert rows["Anthropic", "opus"].outcomes == Decimal("0.75")
    assert rows["Anthropic", "haiku"].durable_share is None


def test_a_durable_share_of_a_model_needs_ten_matured_outcomes():
    books = Books()
    for n in range(12):
        books.item(f"PR-{n}", done=october(5), fate="reverted" if n < 3 else "value")
        books.spend(october(5), 100, team="core", item=f"PR-{n}", model="opus")
    books.settled()
    (row,) = model_mix(WHOLE, now=NOW)
    assert row.durable_share == Decimal("0.75")


def test_a_source_says_how_far_its_bill_reaches_and_what_is_unsure():
    books = Books()
    bill = books.bill_line(october(4), 950, source="anthropic")
    books.spend(october(4), 950, team="core", model="opus", **bill)
    books.spend(october(5), 100, team="core", model="opus", is_provisional=True)
    books.spend(october(5), 70, reason="no_identity", model="mystery")
    log_day(books, october(4), "opus", 1000, 1000)
    log_day(books, october(5), "opus", 1000, 100)
    log_day(books, october(5), "mystery", 1000, None)
    (found,) = sources(WHOLE, now=noon(october(7)))
    assert (found.brings, found.complete_to, found.days_behind) == ("Bill", october(4), 3)
    assert found.bill_against_usage == Decimal("-0.05")
    assert (found.nanos, found.provisional, found.unpriced, found.unknown_identity) == tuple(
        cents * CENT_NANOS for cents in (1120, 100, 70, 70)
    )


def test_only_what_comes_by_itself_can_be_late():
    books = Books()
    books.source("uploaded")
    books.source("pulled", is_scheduled=True)
    for key in ("uploaded", "pulled"):
        books.bill_line(october(4), 100, source=key)
        books.bill_line(october(5), 100, source=key)
    found = {source.key: source.is_late for source in freshness(now=noon(october(9)))}
    assert found == {"uploaded": False, "pulled": True}
    assert not any(source.is_late for source in freshness(now=noon(october(8))))


def test_a_source_of_work_reaches_as_far_as_what_it_told():
    books = Books()
    item = books.item("PR-1", done=october(5))
    books.bill_line(october(4), 100, source="other")
    WorkItemEvidence.objects.create(
        item=item, source=books.source("github"), external_id="PR-1", line=1, content_hash="x",
        imp=books.source("other").imports.get(), version_at=noon(october(6)),
    )  # fmt: skip
    found = {source.key: source for source in freshness(now=NOW)}
    assert (found["github"].brings, found["github"].complete_to) == ("Outcomes", october(6))


def test_a_bill_that_is_only_evidence_does_not_make_a_source_complete():
    books = Books()
    books.bill_line(october(4), 100, source="cur")
    books.bill_line(october(9), 100, source="focus")
    part = books.source("cur").slices.get()
    part.billing_scope.feed = books.source("focus")
    part.billing_scope.save()
    found = {source.key: source.complete_to for source in freshness(now=NOW)}
    assert found == {"cur": october(4), "focus": october(9)}


def test_trust_and_mix_need_few_statements(django_assert_num_queries):
    worked_month()
    with django_assert_num_queries(2):
        sources(WHOLE, now=NOW)
    with django_assert_num_queries(1):
        model_mix(WHOLE, now=NOW)
    with django_assert_num_queries(1):
        untied(WHOLE)
