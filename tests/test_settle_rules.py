"""Allocation rules move money between teams: never a nano more or less, and each cell says which rule."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from finops.attribution.models import Allocation, Cell, LogDay, NameDay
from finops.attribution.rules import BadRuleError, holds, parts_of
from finops.attribution.settle import settle
from finops.people.models import Identity
from tests import facts

pytestmark = pytest.mark.django_db

KEY = [{"field": "api_key", "op": "is", "values": ["K1"]}]
NOON = "2026-10-05"


def bill(*amounts: int, **more: Any) -> None:
    part = facts.deliver(facts.source("bill"), "charge", "october", NOON, NOON)
    for line, nanos in enumerate(amounts, start=2):
        facts.charge(part, NOON, nanos, line=line, **({"api_key": "k1"} | more))


def settled() -> dict[str, int]:
    """Billed nanos per paying team and tier's letter: "core C"."""
    settle(now=timezone.now())
    slugs = dict(facts.Team.objects.values_list("id", "slug"))
    answer: dict[str, int] = {}
    for row in Allocation.objects.all():
        key = f"{slugs.get(row.team_id or 0, 'nobody')} {row.tier[0]}"
        answer[key] = answer.get(key, 0) + row.billed_nanos
    return answer


def test_a_rule_goes_before_the_tag_and_the_member() -> None:
    facts.person("ann", "data")
    bill(900, actor="ann@acme.test", team="data")
    facts.team("core")
    rule = facts.rule("team", KEY, {"core": 1})
    assert settled() == {"core E": 900}
    cell = Cell.objects.get()
    assert (cell.rule_id, cell.own_team_id) == (rule.pk, facts.team("data").pk)
    facts.withdraw(rule.number)
    assert settled() == {"data E": 900}
    assert Cell.objects.get().rule_id is None


def test_fixed_shares_leave_no_nano_behind() -> None:
    bill(1001, -7)
    facts.rule("fixed", KEY, {"core": "50", "data": "30", "ops": "20"})
    assert settled() == {"core E": 501 - 4, "data E": 300 - 2, "ops E": 200 - 1}


def test_an_even_split_gives_the_odd_nano_in_order_of_names() -> None:
    bill(100)
    facts.rule("even", KEY, {"ops": 1, "core": 1, "data": 1})
    assert settled() == {"core E": 34, "data E": 33, "ops E": 33}


def test_the_first_rule_that_matches_takes_the_money() -> None:
    bill(10)
    facts.rule("team", KEY, {"core": 1}, position=2)
    facts.rule(
        "team",
        [{"field": "api_key", "op": "starts_with", "values": ["k"]}],
        {"data": 1},
        position=1,
    )
    assert settled() == {"data E": 10}


def test_a_rule_holds_only_on_its_days() -> None:
    bill(10)
    facts.rule("team", KEY, {"core": 1}, valid_from="2026-10-06")
    facts.rule("team", KEY, {"data": 1}, valid_to="2026-10-05")
    assert settled() == {"nobody E": 10}


def test_service_teams_that_serve_each_other_are_settled_exactly() -> None:
    """P 60,000 (20 % to V), V 40,000 (10 % to P): core 64,489.80, support 35,510.20."""
    part = facts.deliver(facts.source("bill"), "charge", "october", NOON, NOON)
    facts.charge(part, NOON, 60_000 * 10**9, line=2, team="p")
    facts.charge(part, NOON, 40_000 * 10**9, line=3, team="v")
    for slug in ("p", "v"):
        facts.team(slug)
    facts.rule(
        "reciprocal", [],
        {"p>v": 20, "p>core": 50, "p>support": 30, "v>p": 10, "v>core": 60, "v>support": 30},
    )  # fmt: skip
    paid = settled()
    cents = {key: round(Decimal(nanos).scaleb(-9), 2) for key, nanos in paid.items()}
    assert cents == {"core E": Decimal("64489.80"), "support E": Decimal("35510.20")}
    assert sum(paid.values()) == 100_000 * 10**9


def test_services_that_only_pay_each_other_are_refused() -> None:
    with pytest.raises(BadRuleError, match="somebody else must use them"):
        parts_of(facts.rule("reciprocal", [], {"p>v": 1, "v>p": 1}))


def test_a_condition_about_nothing_we_know_is_refused() -> None:
    with pytest.raises(BadRuleError, match="nothing called 'mood'"):
        holds({"field": "mood", "op": "is", "values": ["good"]})


def test_money_in_proportion_to_direct_cost_follows_the_month() -> None:
    facts.person("ann", "core")
    facts.person("bob", "data")
    facts.item("a/x#1", ended=NOON, people=("ann",))
    facts.item("a/x#2", ended=NOON, people=("bob",))
    part = facts.deliver(facts.source("bill"), "charge", "october", NOON, NOON)
    facts.charge(part, NOON, 300, line=2, actor="ann@acme.test")
    facts.charge(part, NOON, 100, line=3, actor="bob@acme.test")
    facts.charge(part, NOON, 1000, line=4, api_key="k1")
    facts.rule("direct", KEY, {})
    assert settled() == {"core B": 300, "core D": 750, "data B": 100, "data D": 250}
    facts.charge(
        facts.deliver(facts.source("bill"), "charge", "more", NOON, NOON),
        NOON,
        200,
        actor="bob@acme.test",
    )
    assert settled() == {"core B": 300, "core D": 500, "data B": 300, "data D": 500}


def test_money_in_proportion_to_usage_counts_tokens() -> None:
    log = facts.deliver(facts.source("bill"), "usage", "log", NOON, NOON)
    facts.usage(log, NOON, line=2, model="m1", input_tokens=900, team="core")
    facts.usage(log, NOON, line=3, model="m1", input_tokens=100, team="data")
    facts.team("core"), facts.team("data")
    part = facts.deliver(facts.source("bill"), "charge", "october", NOON, NOON)
    facts.charge(part, NOON, 1000, line=2, model="m1")
    facts.charge(part, NOON, 50, line=3, api_key="k1", charge_category="Purchase")
    facts.rule("usage", KEY, {})
    assert settled() == {"core E": 900, "data E": 100, "core D": 45, "data D": 5}


def test_two_costs_are_shared_with_the_same_weights() -> None:
    part = facts.deliver(facts.source("bill"), "charge", "october", NOON, NOON)
    facts.charge(part, NOON, 0, api_key="k1", effective_nanos=90)
    facts.rule("fixed", KEY, {"core": 2, "data": 1})
    settled()
    assert sorted(Cell.objects.values_list("billed_nanos", "effective_nanos")) == [(0, 30), (0, 60)]


def test_only_what_a_rule_touches_is_settled_again() -> None:
    bill(10, 20, 30)
    other = facts.deliver(facts.source("other"), "charge", "october", NOON, NOON)
    facts.charge(other, NOON, 40, api_key="k2")
    settled()
    facts.rule("team", [{"field": "api_key", "op": "is", "values": ["k2"]}], {"core": 1})
    assert settle(now=timezone.now()).cells == 1


def test_a_name_without_an_owner_queues_with_its_money_until_somebody_has_it() -> None:
    bill(10, 20)
    settled()
    (queued,) = NameDay.objects.filter(field="api_key")
    assert (queued.name, queued.cells, queued.reporting_nanos, queued.teamless_nanos) == (
        "k1",
        2,
        30,
        30,
    )
    Identity.objects.create(namespace="api_key", external_id="k1", team=facts.team("core"))
    facts.dirty("actor", "api_key:k1")
    settled()
    assert not NameDay.objects.exists()


def test_every_log_stays_known_as_a_witness() -> None:
    for key, tokens in (("bill", 100), ("gateway", 100), ("telemetry", 80)):
        log = facts.deliver(facts.source(key), "usage", "log", NOON, NOON)
        facts.usage(
            log, NOON, model="m1", input_tokens=tokens, billing_scope="" if key == "bill" else "bill",
            session="s1" if key == "telemetry" else "", actor="ann@acme.test" if key == "gateway" else "",
        )  # fmt: skip
    bill(1000, model="m1", api_key="")
    settled()
    seen = {
        facts.Source.objects.get(pk=d.log_source_id).key: d.factor for d in LogDay.objects.all()
    }
    assert seen == {"telemetry": 1, "gateway": Decimal("0.2"), "bill": 0}
    assert sum(Cell.objects.values_list("billed_nanos", flat=True)) == 1000
