"""Making, changing, withdrawing and ordering rules, and every refusal in words."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from finops.attribution.actions.rules import (
    EARLIER,
    LATER,
    Meant,
    add_rule,
    change_rule,
    move_rule,
    withdraw_rule,
)
from finops.attribution.models import AllocationRule, Dirty
from finops.attribution.rule_drafts import RuleDraft
from finops.attribution.rules import BadRuleError, current_rules
from tests import facts
from tests.ruled import draft, passed_on, rule, to, when

pytestmark = pytest.mark.django_db
KEY = when("api_key", "k1")


def test_a_new_rule_stands_last_and_is_settled_soon() -> None:
    first = rule("team", KEY, shares=to("core"), name="First")
    second = rule("even", when("project", "lab"), shares=to("core", "data"), name="Second")
    assert [r.name for r in current_rules()] == ["First", "Second"]
    assert (first.number, first.version, second.number) == (1, 1, 2)
    assert list(Dirty.objects.values_list("what", "ref")) == [("rules", "1"), ("rules", "2")]


def test_a_changed_rule_keeps_its_number_and_place_and_its_old_text() -> None:
    rule("team", KEY, shares=to("core"), name="First")
    rule("team", when("project", "lab"), shares=to("data"), name="Second")
    to_data = draft("team", KEY, shares=to("data"), name="First, corrected")
    changed = change_rule(Meant(1, 1), to_data, by=None, now=timezone.now())
    assert [(r.number, r.version, r.name) for r in current_rules()] == [
        (1, 2, "First, corrected"), (2, 1, "Second"),
    ]  # fmt: skip
    old = AllocationRule.objects.get(number=1, version=1)
    assert old.name == "First"
    assert old.superseded_at is not None
    assert [s.team.slug for s in old.shares.all()] == ["core"]
    assert [s.team.slug for s in changed.shares.all()] == ["data"]


def test_a_change_of_a_version_that_is_gone_is_refused() -> None:
    rule("team", KEY, shares=to("core"))
    again = draft("team", KEY, shares=to("data"))
    change_rule(Meant(1, 1), again, by=None, now=timezone.now())
    with pytest.raises(BadRuleError, match="version 2 now"):
        change_rule(Meant(1, 1), again, by=None, now=timezone.now())


def test_a_withdrawn_rule_is_not_followed_and_its_number_is_not_given_again() -> None:
    rule("team", KEY, shares=to("core"))
    withdraw_rule(Meant(1, 1), by=None, now=timezone.now())
    assert current_rules() == []
    assert rule("team", KEY, shares=to("core")).number == 2
    with pytest.raises(BadRuleError, match="not followed any more"):
        withdraw_rule(Meant(1, 1), by=None, now=timezone.now())


def test_rules_change_places_without_a_new_version() -> None:
    for name in ("a", "b", "c"):
        rule("team", when("project", name), shares=to("core"), name=name)
    move_rule(3, EARLIER)
    assert [(r.name, r.version) for r in current_rules()] == [("a", 1), ("c", 1), ("b", 1)]
    move_rule(1, LATER)
    assert [r.name for r in current_rules()] == ["c", "a", "b"]
    with pytest.raises(BadRuleError, match="already stands first"):
        move_rule(3, EARLIER)


def refusals() -> dict[str, tuple[RuleDraft, str]]:
    core = to("core")

    def team(*conditions: dict[str, Any], **more: Any) -> RuleDraft:
        return draft("team", *conditions, **{"shares": core} | more)

    return {
        "no name": (team(KEY, name=" "), "Give the rule a name"),
        "no condition": (team(), "say that everything is meant"),
        "unknown field": (team(when("colour", "red")), "nothing called 'colour'"),
        "unknown operator": (team(when("api_key", "k", op="like")), "no operator 'like'"),
        "no value": (team(when("api_key", " ")), "API key: say what it is any of"),
        "value for empty": (team(when("project", "x", op="is_empty")), "takes no values"),
        "empty and set": (
            team(when("project", op="is_empty"), when("project", "x")),
            "Project cannot be empty and have a value",
        ),
        "two words at once": (
            team(when("model", "a"), when("model", "b")),
            "Model: no value meets all",
        ),
        "none left": (
            team(when("model", "a", "b"), when("model", "c", op="starts_with")),
            "Model: no value meets all",
        ),
        "days reversed": (
            team(KEY, valid_from=date(2026, 10, 2), valid_to=date(2026, 10, 2)),
            "The last day stands before the first",
        ),
        "no team": (team(KEY, shares=()), "Choose the one team"),
        "two teams": (team(KEY, shares=to("core", "data")), "Choose only one team"),
        "even with one": (draft("even", KEY, shares=core), "at least two teams"),
        "a team twice": (draft("even", KEY, shares=(*core, *core)), "Core stands twice"),
        "99 per cent": (
            draft("fixed", KEY, shares=to(core=60, data=39), in_percent=True),
            "sum to 99 %, not 100 %: 1 % missing",
        ),
        "no weight": (draft("fixed", KEY, shares=to(core=0, data=0)), "above zero"),
        "negative": (draft("fixed", KEY, shares=to(core=120, data=-20)), "cannot be negative"),
        "one of usage": (draft("usage", KEY, shares=core), "One team alone gets all"),
        "unknown method": (draft("lottery", KEY, shares=core), "no way to split"),
        "no service": (draft("reciprocal", shares=core), "Choose the service teams"),
        "circle": (
            draft("reciprocal", shares=passed_on(infra={"data": 1}, data={"infra": 1})),
            "only pay one another",
        ),
        "service at 90": (
            draft("reciprocal", shares=passed_on(infra={"core": 90}), in_percent=True),
            "of Infra sum to 90 %",
        ),
    }  # fmt: skip


def test_each_rule_that_cannot_be_followed_is_refused_in_words(subtests: pytest.Subtests) -> None:
    for case, (wrong, words) in refusals().items():
        with subtests.test(case), pytest.raises(BadRuleError) as refused:
            add_rule(wrong, by=None)
        assert words in str(refused.value), case
    assert not AllocationRule.objects.exists()


def test_a_rule_for_everything_must_say_so() -> None:
    everything = rule("team", shares=to("core"), matches_everything=True)
    assert everything.conditions == []


def test_a_rule_behind_one_that_takes_all_of_it_is_refused() -> None:
    rule("team", KEY, shares=to("core"), name="Key")
    narrower = (KEY, when("model", "m1"))
    with pytest.raises(BadRuleError, match=r"“Key” stands before .* never be followed"):
        rule("team", *narrower, shares=to("data"))
    # Where the first holds for some days only, the second has the others.
    change_rule(
        Meant(1, 1), draft("team", KEY, shares=to("core"), valid_to=date(2026, 11, 1), name="Key"),
        by=None, now=timezone.now(),
    )  # fmt: skip
    rule("team", *narrower, shares=to("data"))


def test_moving_a_rule_in_front_of_all_it_would_take_is_refused() -> None:
    rule("team", KEY, shares=to("core"))
    rule("team", shares=to("data"), matches_everything=True, name="The rest")
    with pytest.raises(BadRuleError, match="“The rest” stands before"):
        move_rule(2, EARLIER)
    assert [r.number for r in current_rules()] == [1, 2]


def test_percentages_may_have_decimals() -> None:
    thirds = to(core=33.3333, data=33.3333, ops=33.3334)
    kept = rule("fixed", KEY, shares=thirds, in_percent=True)
    assert sum(s.weight for s in kept.shares.all()) == Decimal(100)


def test_values_are_kept_once_and_without_blanks() -> None:
    kept = rule("team", when("api_key", " k1", "k1 ", ""), shares=to("core"))
    assert kept.conditions == [{"field": "api_key", "op": "is", "values": ["k1"]}]
    assert facts.team("core").slug == "core"
