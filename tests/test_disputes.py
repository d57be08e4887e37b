"""A team disputes its part of a bill line; finance moves exactly that by a dated rule, or refuses."""

from datetime import UTC, date, datetime

import pytest

from finops.attribution.actions.disputes import DisputeError, accept, raise_dispute, refuse
from finops.attribution.models import AllocationRule, Cell, Dispute
from finops.attribution.settle import settle
from finops.ledger.models import Charge
from finops.people.models import Team
from tests import facts

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 6, tzinfo=UTC)
DAY = date(2026, 10, 5)
DOLLAR = 10**9


def bill(*, twins: bool = False) -> dict[str, Charge]:
    part = facts.deliver(facts.source("bill"), "charge", "bill:2026-10", "2026-10-01", "2026-10-31")
    who = {"actor": "ann@acme.test"}
    lines = {
        "agents": facts.charge(
            part, "2026-10-05", 9 * DOLLAR, line=2, service_name="Agents", **who
        ),
        "chat": facts.charge(part, "2026-10-05", 4 * DOLLAR, line=3, service_name="Chat", **who),
        "later": facts.charge(part, "2026-10-06", 7 * DOLLAR, line=4, service_name="Agents", **who),
    }
    if twins:
        lines["twin"] = facts.charge(
            part, "2026-10-05", DOLLAR, line=5, service_name="Agents", **who
        )
    return lines


@pytest.fixture
def lines() -> dict[str, Charge]:
    facts.person("ann", "core")
    facts.team("data")
    found = bill()
    settle(now=NOW)
    return found


def dispute(line: Charge, reason: str = "That is the data team’s agent.") -> Dispute:
    team = Team.objects.get(slug="core")
    return raise_dispute(line.charged_on, line.id, team=team, reason=reason, by=None, now=NOW)


def accepted(found: Dispute, slug: str = "data") -> Dispute:
    to_team = facts.team(slug)
    return accept(found.pk, to_team=to_team, answer="Right.", by=None, now=NOW)


def paid() -> dict[str, int]:
    """Dollars by team and service."""
    names = dict(Charge.objects.values_list("id", "service_name"))
    slugs = dict(Team.objects.values_list("id", "slug"))
    found: dict[str, int] = {}
    for cell in Cell.objects.all():
        key = f"{slugs.get(cell.team_id or 0)} {names[cell.charge_id or 0]} {cell.day.day}"
        found[key] = found.get(key, 0) + cell.billed_nanos // DOLLAR
    return found


def test_an_accepted_dispute_moves_exactly_the_disputed_piece(lines: dict[str, Charge]) -> None:
    found = accepted(dispute(lines["agents"]))
    settle(now=NOW)
    assert paid() == {"data Agents 5": 9, "core Chat 5": 4, "core Agents 6": 7}
    assert found.rule is not None
    assert (found.rule.valid_from, found.rule.valid_to) == (DAY, date(2026, 10, 6))
    assert Cell.objects.get(charge_id=lines["agents"].id).rule_id == found.rule.pk


def test_it_still_holds_when_the_bill_is_restated(lines: dict[str, Charge]) -> None:
    accepted(dispute(lines["agents"]))
    bill()
    settle(now=NOW)
    assert paid() == {"data Agents 5": 9, "core Chat 5": 4, "core Agents 6": 7}


def test_two_lines_that_say_the_same_are_told_apart_by_number() -> None:
    facts.person("ann", "core")
    found = bill(twins=True)
    settle(now=NOW)
    accepted(dispute(found["twin"]))
    settle(now=NOW)
    assert paid() == {"data Agents 5": 1, "core Agents 5": 9, "core Chat 5": 4, "core Agents 6": 7}


def test_it_comes_before_every_other_rule(lines: dict[str, Charge]) -> None:
    wide = AllocationRule.objects.create(
        number=1, position=1, name="All to core", method="team", conditions=[]
    )
    wide.shares.create(team=facts.team("core"))
    facts.dirty("rules", 1)
    settle(now=NOW)
    accepted(dispute(lines["agents"]))
    settle(now=NOW)
    assert paid()["data Agents 5"] == 9
    assert paid()["core Chat 5"] == 4


def test_who_got_it_may_dispute_it_in_turn(lines: dict[str, Charge]) -> None:
    accepted(dispute(lines["agents"]))
    settle(now=NOW)
    line = lines["agents"]
    again = raise_dispute(
        line.charged_on, line.id, team=Team.objects.get(slug="data"), reason="No.", by=None, now=NOW
    )
    accepted(again, "ops")
    settle(now=NOW)
    assert paid()["ops Agents 5"] == 9
    assert AllocationRule.objects.filter(superseded_at=None).count() == 1
    assert Dispute.objects.filter(state="accepted").count() == 2


def test_a_refused_dispute_moves_nothing_and_keeps_both_sides(lines: dict[str, Charge]) -> None:
    before = paid()
    found = dispute(lines["agents"])
    refuse(found.pk, answer="Your own key made these calls.", by=None, now=NOW)
    settle(now=NOW)
    assert paid() == before
    found.refresh_from_db()
    assert (found.state, found.reason) == ("refused", "That is the data team’s agent.")
    assert found.answer == "Your own key made these calls."
    assert not AllocationRule.objects.exists()


def test_what_cannot_be_disputed_or_answered_is_refused_in_words(lines: dict[str, Charge]) -> None:
    data = Team.objects.get(slug="data")
    line = lines["agents"]
    with pytest.raises(DisputeError, match="Data pays nothing of this line"):
        raise_dispute(line.charged_on, line.id, team=data, reason="x", by=None, now=NOW)
    with pytest.raises(DisputeError, match="Say why"):
        dispute(line, " ")
    found = dispute(line)
    with pytest.raises(DisputeError, match="already"):
        dispute(line)
    with pytest.raises(DisputeError, match="Core pays it now"):
        accepted(found, "core")
    with pytest.raises(DisputeError, match="Say why the money stays"):
        refuse(found.pk, answer="", by=None, now=NOW)
    refuse(found.pk, answer="No.", by=None, now=NOW)
    with pytest.raises(DisputeError, match="refused already"):
        accepted(found)
    with pytest.raises(DisputeError, match="no such dispute"):
        refuse(0, answer="No.", by=None, now=NOW)
