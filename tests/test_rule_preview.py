"""The preview of a rule says what settle then does, to the nano."""

from collections.abc import Callable, Sequence
from datetime import date

import pytest
from django.db import connection
from django.utils import timezone

from finops.attribution.actions.rules import (
    EARLIER,
    Meant,
    add_rule,
    change_rule,
    move_rule,
    moved,
    rules_with,
    rules_without,
    withdraw_rule,
)
from finops.attribution.models import Allocation, AllocationRule, Cell
from finops.attribution.queries.rule_preview import RulePreview, rule_preview
from finops.attribution.rule_drafts import RuleDraft
from finops.attribution.rules import current_rules
from finops.attribution.settle import settle
from finops.ledger.models import Source
from finops.periods import Period, month_of
from tests import facts
from tests.ruled import draft, passed_on, rule, to, when

pytestmark = pytest.mark.django_db
OCTOBER = month_of(date(2026, 10, 1))
KEY = when("api_key", "k-gate")
ANNA = "anna@acme.test"


@pytest.fixture
def company() -> Source:
    """Two months of odd amounts: tagged, by person, by key, shared, in euros, and split by usage."""
    for slug in ("core", "data", "ops", "infra"):
        facts.team(slug)
    facts.person("anna", "core")
    bill = facts.source("bill")
    log = facts.source("log", connector="usage_csv")
    for month in ("10", "11"):
        part = facts.deliver(
            bill, "charge", f"bill:{month}", f"2026-{month}-01", f"2026-{month}-28"
        )
        facts.charge(part, f"2026-{month}-03", 10_000_000_001, api_key="k-gate", provider="other")
        facts.charge(
            part,
            f"2026-{month}-04",
            7_000_000_003,
            line=3,
            team="infra",
            provider="other",
            project="lab",
        )
        facts.charge(
            part,
            f"2026-{month}-05",
            5_555_555_557,
            line=4,
            actor=ANNA,
            pr="acme/app#1",
            provider="other",
        )
        facts.charge(
            part,
            f"2026-{month}-06",
            -1_000_000_001,
            line=5,
            charge_category="Credit",
            provider="other",
        )
        facts.charge(part, f"2026-{month}-07", 3_333_333_331, line=6, team="data", provider="other")
        facts.charge(part, f"2026-{month}-08", 9_999_999_999, line=7, model="m1")
        used = facts.deliver(log, "usage", f"log:{month}", f"2026-{month}-01", f"2026-{month}-28")
        facts.usage(
            used,
            f"2026-{month}-08",
            model="m1",
            actor=ANNA,
            input_tokens=300,
            tags={"desk": "North"},
        )
        facts.usage(
            used, f"2026-{month}-08", model="m1", api_key="k-gate", input_tokens=400, line=3
        )
        facts.usage(used, f"2026-{month}-08", model="m1", project="lab", input_tokens=77, line=4)
    facts.item(
        "acme/app#1",
        started="2026-10-01",
        ended="2026-10-20",
        people=("anna",),
        keys={"pr:acme/app#1": 1},
    )
    settled()
    return bill


def settled() -> None:
    settle(now=timezone.now())


def payers(period: Period) -> dict[str | None, int]:
    """What each team pays for the cells of the period, proportional shares included."""
    slugs = dict(facts.Team.objects.values_list("id", "slug"))
    found: dict[str | None, int] = {}
    shared_out = Cell.objects.filter(rule_id__isnull=False, team_id__isnull=True)
    for cell in Cell.objects.filter(day__gte=period.start, day__lt=period.end):
        pieces: Sequence[tuple[int | None, int | None]] = [
            (cell.team_id, cell.reporting_billed_nanos)
        ]
        if shared_out.filter(pk=cell.pk).exists():
            pieces = list(
                Allocation.objects.filter(cell=cell).values_list(
                    "team_id", "reporting_billed_nanos"
                )
            )
        for team, nanos in pieces:
            slug = slugs[team] if team else None
            found[slug] = found.get(slug, 0) + (nanos or 0)
    return {slug: nanos for slug, nanos in found.items() if nanos}


def promised(preview: RulePreview) -> dict[str | None, int]:
    return {t.team.slug or None: t.then for t in preview.teams if t.then}


METHODS: dict[str, Callable[[], RuleDraft]] = {
    "team": lambda: draft("team", KEY, shares=to("data")),
    "even": lambda: draft("even", KEY, shares=to("core", "data", "ops")),
    "fixed": lambda: draft("fixed", KEY, shares=to(core=62.5, data=37.5), in_percent=True),
    "reciprocal": lambda: draft(
        "reciprocal",
        shares=passed_on(infra={"data": 1, "core": 2, "ops": 4}, data={"infra": 1, "core": 3}),
    ),
    "usage": lambda: draft("usage", KEY),
    "usage of two": lambda: draft("usage", KEY, shares=to("core", "ops")),
    "direct": lambda: draft("direct", when("project", "lab")),
    "direct, everything unknown": lambda: draft("direct", when("team", op="is_empty")),
    "a tag": lambda: draft("team", when("tag:desk", "north"), shares=to("ops")),
    "of a charge": lambda: draft("even", when("charge_category", "credit"), shares=to("ops", "core")),
    "everything": lambda: draft("even", shares=to("ops", "core"), matches_everything=True),
    "a team's": lambda: draft("fixed", when("team", "core"), shares=to(core=1, ops=1)),
    "some days": lambda: draft("team", KEY, shares=to("ops"), valid_from=date(2026, 10, 8)),
}  # fmt: skip


@pytest.mark.parametrize("method", METHODS)
def test_what_is_previewed_is_what_settle_does(company: Source, method: str) -> None:
    before = payers(OCTOBER)
    wanted = METHODS[method]()
    preview = rule_preview(rules_with(wanted), OCTOBER)
    assert {t.team.slug or None: t.now for t in preview.teams if t.now} == before
    assert sum(t.difference for t in preview.teams) == 0
    assert preview.cells > 0
    add_rule(wanted, by=None)
    settled()
    assert payers(OCTOBER) == promised(preview)
    assert payers(OCTOBER) != before
    again = rule_preview(current_rules(), OCTOBER)
    assert (again.cells, again.nanos, again.flows) == (0, 0, [])


@pytest.mark.parametrize("method", METHODS)
def test_a_change_and_a_withdrawal_are_previewed_exactly(company: Source, method: str) -> None:
    rule("fixed", when("api_key", "k-gate", "k2"), shares=to(core=1, ops=2))
    settled()
    preview = rule_preview(rules_with(METHODS[method](), 1), OCTOBER)
    change_rule(Meant(1, 1), METHODS[method](), by=None, now=timezone.now())
    settled()
    assert payers(OCTOBER) == promised(preview)
    preview = rule_preview(rules_without(1), OCTOBER)
    withdraw_rule(Meant(1, 2), by=None, now=timezone.now())
    settled()
    assert payers(OCTOBER) == promised(preview)


def test_another_order_is_previewed_exactly(company: Source) -> None:
    rule("team", KEY, shares=to("core"), name="Key")
    rule("even", when("provider", "other"), shares=to("data", "ops"), name="Rest")
    settled()
    preview = rule_preview(moved(current_rules(), 2, EARLIER), OCTOBER)
    assert preview.cells > 0
    move_rule(2, EARLIER)
    settled()
    assert payers(OCTOBER) == promised(preview)


def test_weights_of_the_month_as_they_would_be_are_shown(company: Source) -> None:
    preview = rule_preview(rules_with(draft("direct", when("project", "lab"))), OCTOBER)
    ((change),) = preview.rules
    assert sum(share for _, share in change.shares) == 1
    assert change.shares[0][0].slug == "core"
    assert (change.cells_now, change.cells_then) == (0, 2)


def test_flows_and_examples_say_from_whom_to_whom(company: Source) -> None:
    preview = rule_preview(rules_with(draft("team", KEY, shares=to("ops"))), OCTOBER)
    ((flow),) = preview.flows
    assert (flow.now.name, flow.then.slug, flow.cells) == ("No team", "ops", 2)
    assert (
        flow.nanos == preview.nanos == sum(t.difference for t in preview.teams if t.difference > 0)
    )
    largest = preview.examples[0]
    assert (largest.nanos, largest.api_key) == (10_000_000_001, "k-gate")
    assert [t.slug for t in largest.then] == ["ops"]
    assert largest.rule is not None
    assert largest.rule.name == "By team"


def test_a_preview_leaves_nothing_behind(company: Source) -> None:
    rule_preview(rules_with(draft("team", KEY, shares=to("ops"))), OCTOBER)
    assert not AllocationRule.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'preview%'")
        assert cursor.fetchone() == (0,)
