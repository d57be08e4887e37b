"""The demo company in real books: what the files say is what the books hold, once."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import transaction

from billing_ingest.demo.company import COMPANY, SOURCES
from billing_ingest.demo.openai_files import dollars_of
from billing_ingest.demo.seed import DemoRefusedError, seed
from billing_ingest.demo.usage import billed_cost
from billing_ingest.demo.year import make_year
from finops.attribution.models import Cell
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.attribution.verify.books import verify
from finops.ledger.models import Import, Source
from finops.people.models import Membership, Organisation, Person, Team, User
from finops.periods import Period
from tests.demo_files import results, rows

pytestmark = pytest.mark.django_db

TODAY = date(2026, 3, 14)
MONTHS = Period(date(2026, 2, 1), date(2026, 4, 1))


@pytest.fixture(scope="module")
def folder(django_db_setup, django_db_blocker, tmp_path_factory) -> Path:
    """The folder of two months of the demo, which stay in the books for this module's tests."""
    path = tmp_path_factory.mktemp("seed")
    with django_db_blocker.unblock(), transaction.atomic():
        User.objects.create_user(username="manager", role=User.Role.MANAGER)
        seed(path, today=TODAY, months=2, say=[].append)
        yield path
        transaction.set_rollback(True)


def money_in(folder: Path) -> dict[str, Decimal]:
    """What each source's bills add up to, read from the files alone."""
    cents = [Decimal(r["amount"]) for p in folder.rglob("anthropic-costs-*") for _, r in results(p)]
    found = {"anthropic": sum(cents) / 100} | money_of_others(folder)
    for source, name in (("openai-reseller", "harrowgate"), ("editor-seats", "cursor-seats")):
        lines = [line for path in folder.rglob(f"{name}-*") for line in rows(path)]
        found[source] = sum(Decimal(line["BilledCost"]) for line in lines)
    return found


def money_of_others(folder: Path) -> dict[str, Decimal]:
    """What the smaller accounts bill: of the clouds only what is for models."""

    def lines(name: str) -> list[dict[str, str]]:
        return [line for path in folder.rglob(f"{name}-*") for line in rows(path)]

    vertex = [r for r in lines("google-billing") if r["service.description"] == "Vertex AI"]
    bedrock = [r for r in lines("aws-cur2") if r["line_item_product_code"] == "AmazonBedrock"]
    taken_off = [
        Decimal(str(credit["amount"]))
        for line in vertex
        for credit in json.loads(line["credits"], parse_float=Decimal)
    ]
    costs = [json.loads(path.read_text()) for path in folder.rglob("openai-costs-*")]
    return {
        "cursor": sum(
            Decimal(r["Cost"]) for r in lines("cursor-usage") if r["Kind"] == "On-Demand"
        ),
        "copilot": sum(Decimal(r["net_amount"]) for r in lines("copilot-ai")),
        "aws": sum(Decimal(r["line_item_unblended_cost"]) for r in bedrock),
        "google-cloud": sum(Decimal(r["cost"]) for r in vertex) + sum(taken_off),
        "openai": sum(dollars_of(pages) for pages in costs),
    }


def report():
    return unit_cost(Scope(MONTHS), by="team", now=datetime(2026, 3, 14, tzinfo=UTC))


@pytest.mark.slow
def test_every_source_holds_the_money_of_its_files_to_the_last_digit(folder):
    in_books: dict[str, Decimal] = {}
    for imp in Import.objects.select_related("source"):
        assert imp.state == Import.State.LOADED
        for amount in imp.totals.values():
            known = in_books.get(imp.source.key, Decimal(0))
            in_books[imp.source.key] = known + Decimal(amount)
    assert in_books == money_in(folder)


@pytest.mark.slow
def test_books_tie_after_the_demo(folder):
    verdict = verify()
    assert verdict.violations == []
    assert verdict.unsettled == 0


@pytest.mark.slow
def test_what_the_report_calls_billed_is_the_sum_of_the_bills(folder):
    total = report().total
    assert abs(Decimal(total.billed).scaleb(-9) - sum(money_in(folder).values())) < Decimal("1e-6")
    assert sum(row.billed for row in report().rows) == total.billed


@pytest.mark.slow
def test_days_without_a_bill_cost_what_was_used_at_the_contract_price(folder):
    used = [line for line in make_year(TODAY, 7, 2).lines if line.at.date() >= date(2026, 3, 11)]
    provisional = Cell.objects.filter(is_provisional=True)
    assert {cell.day for cell in provisional} == {line.at.date() for line in used}
    booked = Decimal(sum(cell.billed_nanos for cell in provisional)).scaleb(-9)
    assert abs(booked - sum(billed_cost(line) for line in used)) < Decimal("0.001")


@pytest.mark.slow
def test_most_money_is_tied_and_the_rest_has_reasons(folder):
    total = report().total
    tied = (total.tiers["A"] + total.tiers["B"]) / sum(total.tiers.values())
    assert 0.65 < tied < 0.85
    assert total.tiers["C"] > 0
    assert total.tiers["D"] > 0
    assert total.tiers["E"] > 0
    assert total.fates["reverted"] > 0
    assert total.fates["rework"] > total.fates["reverted"]


@pytest.mark.slow
def test_a_team_tag_beats_the_same_calls_by_key_alone(folder):
    bots = [line for line in make_year(TODAY, 7, 2).lines if "team" in dict(line.tags)]
    pooled = [line for line in bots if not line.ticket and line.team != "customer-care"]
    told = Decimal(report().total.tiers["C"]).scaleb(-9)
    assert told > Decimal("0.95") * sum(billed_cost(line) for line in pooled)


@pytest.mark.slow
def test_unit_costs_are_plausible_and_few_deals_get_no_verdict(folder):
    kinds = report().total.kinds
    assert 20 < kinds["pull_request"].direct / 10**9 < 120
    assert 1 < kinds["ticket"].direct / 10**9 < 4
    assert kinds["pull_request"].has_verdict
    assert not kinds["deal"].has_verdict


@pytest.mark.slow
def test_everybody_has_a_team_and_the_manager_has_two(folder):
    assert Organisation.objects.get().name == COMPANY
    assert Person.objects.count() == 120
    assert Membership.objects.count() == 125
    assert Team.objects.count() == 8
    manager = User.objects.get(username="manager")
    assert {team.slug for team in manager.teams.all()} == {"storefront", "payments"}


@pytest.mark.slow
def test_a_second_run_on_a_later_day_changes_nothing(folder):
    before = [Import.objects.count(), Cell.objects.count(), Source.objects.count()]
    said: list[str] = []
    seed(folder, today=date(2026, 5, 1), months=2, say=said.append)
    assert before == [Import.objects.count(), Cell.objects.count(), len(SOURCES)]
    assert len(said) == 3
    assert all("already" in words for words in said)


def test_demo_does_not_mix_with_books_of_somebody_else(tmp_path):
    source = Source.objects.create(key="own", name="Own", connector="focus")
    Import.objects.create(source=source, state="loaded", filename="x", sha256="0", size_bytes=1)
    with pytest.raises(DemoRefusedError, match="not the demo's"):
        seed(tmp_path, today=TODAY, months=1, say=[].append)
    assert list(tmp_path.iterdir()) == []
