"""The unit cost report over the worked month, and the command that prints it."""

import json
from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from finops.attribution.queries.shapes import FATES, TIERS, Scope
from finops.attribution.queries.unit_costs import PersonLevelOffError, unit_cost
from finops.periods import Period
from tests.books import NOW, Books, noon, october, worked_month

pytestmark = pytest.mark.django_db

OCTOBER = Period(october(1), date(2026, 11, 1))
WHOLE = Scope(OCTOBER)
CENT = 10_000_000


def cents(nanos):
    return round(Decimal(nanos) / CENT)


def rows(by, scope=WHOLE):
    return {row.key: row for row in unit_cost(scope, by=by, now=NOW).rows}


def printed(*options):
    out = StringIO()
    call_command("unit_cost", "--start=2026-10-01", "--end=2026-11-01", *options, stdout=out)
    return out.getvalue()


def as_json(*options):
    return json.loads(printed("--json", *options))


def test_every_dollar_of_the_worked_month_has_its_tier_and_its_fate():
    worked_month()
    total = unit_cost(WHOLE, by=None, now=NOW).total
    assert total.billed == 31500 * CENT
    assert {tier: cents(part) for tier, part in total.tiers.items()} == {
        "A": 15682, "B": 7000, "C": 4333, "D": 3831, "E": 654,
    }  # fmt: skip
    assert {fate: cents(part) for fate, part in total.fates.items()} == {
        "value": 18183, "in_progress": 1999, "rework": 0, "reverted": 0, "abandoned": 2500,
        "pooled": 4333, "overhead": 3831, "unattributed": 654,
    }  # fmt: skip


def test_a_pull_request_of_core_costs_60_direct_75_loaded_90_all_in():
    worked_month()
    core = rows("team")["core"].kinds["pull_request"]
    assert core.outcomes == 3
    assert core.direct_nanos == 18123 * CENT
    assert [cents(x) for x in (core.direct, core.loaded, core.all_in)] == [6041, 7491, 8991]
    assert core.low < core.direct < core.high
    assert (core.has_verdict, core.why_not) == (False, "few_outcomes")


def test_shared_money_is_spread_by_direct_and_pooled_cost_to_the_nano():
    worked_month()
    teams = rows("team")
    # The bill and its true-up come from one vendor in one month, so they are one inflow.
    assert teams["core"].tiers["D"] == 33_498_383_120
    assert teams["support"].tiers["D"] == 4_811_616_880
    assert teams["sales"].tiers["D"] == 0


def test_rows_by_team_sum_to_the_total_and_so_do_tiers_and_fates():
    worked_month()
    report = unit_cost(WHOLE, by="team", now=NOW)
    assert [row.key for row in report.rows] == ["core", "support", "sales", ""]
    for tier in TIERS:
        assert sum(row.tiers[tier] for row in report.rows) == report.total.tiers[tier]
    for row in report.rows:
        assert sum(row.tiers.values()) == sum(row.fates.values()) == row.spend


def test_by_outcome_each_work_item_shows_what_reached_it():
    worked_month()
    found = {key: row.spend for key, row in rows("outcome").items()}
    assert found == {
        "PR-1": 126783333334, "PR-2": 33000333333, "PR-3": 31446333333, "PR-4": 25000000000,
        "PR-5": 19990000000, "TCK-9": 33930000000, "TEAM:core": 33498383120,
        "TEAM:support": 4811616880, "UNATTRIBUTED:no_identity": 2500000000,
        "UNATTRIBUTED:no_outcome_in_period": 4040000000,
    }  # fmt: skip
    assert sum(found.values()) == 31500 * CENT


def test_a_late_pull_request_takes_its_part_of_the_pool():
    books = worked_month()
    late = books.item("PR-6", done=october(16))
    books.write_outcome_cost("PR-6", late)
    found = {key: row.spend for key, row in rows("outcome").items()}
    assert found["PR-6"] == 2_500_000_000
    assert found["PR-1"] == 125_950_000_000


def test_a_team_scope_holds_its_money_and_its_shared_part():
    books = worked_month()
    scope = Scope(OCTOBER, teams=(books.team("core").pk,))
    report = unit_cost(scope, by="outcome", now=NOW)
    assert cents(report.total.spend) == 26972
    assert sum(row.spend for row in report.rows) == report.total.spend
    assert cents(report.total.kinds["pull_request"].all_in) == 8991


def test_every_dimension_adds_up_to_the_same_total():
    books = worked_month()
    books.company.person_level = True
    books.company.save()
    for by in ("team", "month", "kind", "outcome", "tier", "fate", "person"):
        report = unit_cost(WHOLE, by=by, now=NOW)
        assert sum(row.spend for row in report.rows) == 31500 * CENT, by
        for fate in FATES:
            assert sum(row.fates[fate] for row in report.rows) == report.total.fates[fate], by


def test_money_of_a_month_without_direct_cost_stays_shared_and_without_a_team():
    books = Books()
    books.spend(october(3), 700)
    (row,) = unit_cost(WHOLE, by="team", now=NOW).rows
    assert (row.key, row.tiers["D"]) == ("", 700 * CENT)


def test_ties_of_shared_money_go_to_the_first_slug():
    books = Books()
    for team in ("zebra", "ant", "bee"):
        books.spend(october(3), 100, team=team)
    books.spend(october(3), 0, nanos=100)
    books.spend(october(4), 0, nanos=-50, vendor="OpenAI")
    found = {key: row.tiers["D"] for key, row in rows("team").items()}
    assert found == {"ant": 34 - 17, "bee": 33 - 17, "zebra": 33 - 16}


def test_a_period_within_a_month_spreads_its_shared_money_by_the_whole_month():
    books = Books()
    books.spend(october(2), 300, team="core")
    books.spend(october(20), 100, team="support")
    books.spend(october(3), 80)
    found = rows("team", Scope(Period(october(1), october(8))))
    assert {key: cents(row.tiers["D"]) for key, row in found.items()} == {"core": 60, "support": 20}


def test_credits_count_for_the_people_and_cost_for_the_payer():
    books = Books()
    books.item("PR-1", done=october(5), credit={"core": 333_334, "support": 666_666})
    books.spend(october(4), 900, team="core", item="PR-1")
    books.settled()
    teams = rows("team")
    core, support = (teams[key].kinds["pull_request"] for key in ("core", "support"))
    assert core.outcomes == Decimal("0.333334")
    assert cents(core.direct) == 2700
    assert (support.outcomes, support.direct) == (Decimal("0.666666"), 0)
    assert as_json("--by=team")["rows"][0]["kinds"]["pull_request"]["outcomes"] == 0.333334


def test_cost_of_earlier_months_counts_in_the_month_of_completion():
    books = Books()
    books.item("PR-1", done=october(5))
    books.spend(date(2026, 9, 28), 900, team="core", item="PR-1")
    books.spend(october(4), 100, team="core", item="PR-1")
    books.settled()
    total = unit_cost(WHOLE, by=None, now=NOW).total
    assert cents(total.billed) == 100
    assert cents(total.kinds["pull_request"].direct) == 1000


def test_money_without_an_outcome_is_a_lower_bound_and_never_zero():
    books = Books()
    books.item("PR-1")
    books.spend(october(4), 20000, team="core", item="PR-1")
    books.spend(october(4), 30000, team="core")
    books.settled()
    (row,) = as_json("--by=team")["rows"]
    assert row["kinds"]["pull_request"] == {
        "outcomes": 0, "durable": 0, "matured": 0, "interval": {"low": "166.90", "high": None},
        "unit_cost": {"direct": None, "loaded": None, "all_in": None}, "cost_per_durable": None,
        "durable_rate": {"rate": None, "low": None, "high": None},
    }  # fmt: skip


def test_durable_means_standing_and_old_enough():
    books = Books()
    for name, day, fate in (
        ("PR-1", october(1), "value"),
        ("PR-2", october(2), "reverted"),
        ("PR-3", october(10), "value"),
        ("PR-4", october(11), "value"),
    ):
        books.item(name, done=day, fate=fate)
    books.settled()
    now = noon(october(24))  # fourteen days after PR-3 to the second
    kind = unit_cost(WHOLE, by=None, now=now).total.kinds["pull_request"]
    assert (kind.outcomes, kind.matured, kind.durable) == (4, 3, 2)


def test_a_verdict_needs_ten_outcomes_and_enough_tied_money():
    books = Books()
    for n in range(10):
        books.item(f"PR-{n}", done=october(1 + n))
        books.spend(october(1 + n), 100 + n, team="core", item=f"PR-{n}")
    books.settled()
    kind = rows("team")["core"].kinds["pull_request"]
    assert (kind.has_verdict, kind.why_not) == (True, "")
    assert kind.low < kind.direct < kind.high
    books.spend(october(20), 10_000, team="core", reason="excluded")
    kind = rows("team")["core"].kinds["pull_request"]
    assert (kind.has_verdict, kind.why_not) == (False, "little_tied")


def test_one_burst_of_outcomes_has_no_interval():
    books = Books()
    for n in range(10):
        books.item(f"PR-{n}", done=october(5))
        books.spend(october(4), 100, team="core", item=f"PR-{n}")
    books.settled()
    kind = rows("team")["core"].kinds["pull_request"]
    assert (kind.low, kind.high, kind.why_not) == (None, None, "too_few_for_interval")


def test_months_have_their_own_unit_costs():
    books = Books()
    for name, day in (("PR-1", october(5)), ("PR-2", date(2026, 11, 5))):
        books.item(name, done=day)
        books.spend(day, 100 * day.month, team="core", item=name)
    books.settled()
    found = rows("month", Scope(Period(october(1), date(2026, 12, 1))))
    assert list(found) == ["2026-10", "2026-11"]
    assert [cents(row.kinds["pull_request"].direct) for row in found.values()] == [1000, 1100]


def test_a_team_with_two_kinds_apportions_its_shared_money_by_cost():
    books = Books()
    books.item("PR-1", done=october(5))
    books.item("TCK-1", kind="ticket", done=october(6))
    books.spend(october(5), 300, team="core", item="PR-1")
    books.spend(october(6), 100, team="core", item="TCK-1")
    books.spend(october(7), 80)
    books.settled()
    kinds = rows("team")["core"].kinds
    assert cents(kinds["pull_request"].loaded) == 360
    assert cents(kinds["ticket"].loaded) == 120


def test_provisional_money_is_apart_but_counts_in_tiers():
    books = Books()
    books.item("PR-1", done=october(5))
    books.spend(october(5), 300, team="core", item="PR-1")
    books.spend(october(6), 50, team="core", item="PR-1", is_provisional=True)
    books.settled()
    total = as_json()["total"]
    assert (total["billed"], total["provisional"], total["tiers"]["A"]) == ("3.00", "0.50", "3.50")


def test_the_effective_column_is_asked_for_by_name():
    books = Books()
    books.item("PR-1", done=october(5))
    books.spend(october(5), 0, effective=250, team="core", item="PR-1")
    books.settled()
    assert as_json()["total"]["billed"] == "0.00"
    total = as_json("--cost=effective")["total"]
    assert total["billed"] == "2.50"
    assert total["kinds"]["pull_request"]["unit_cost"]["direct"] == "2.50"


def test_money_without_a_rate_is_listed_and_never_added():
    books = Books()
    books.spend(october(5), 300, team="core")
    books.spend(october(5), 777, team="core", currency="SEK")
    report = as_json("--by=outcome")
    assert report["total"]["billed"] == "3.00"
    assert report["unconverted"] == {"SEK": "7.77"}


def test_a_report_by_person_is_refused_while_that_level_is_off(capsys):
    worked_month()
    with pytest.raises(PersonLevelOffError):
        unit_cost(WHOLE, by="person", now=NOW)
    with pytest.raises(SystemExit) as ended:
        printed("--by=person", "--json")
    assert ended.value.code == 1


def test_people_of_small_teams_share_a_row(django_user_model):
    from finops.people.models import Person

    books = Books()
    books.company.person_level = True
    books.company.save()
    people = [Person.objects.create(email=f"p{n}@x.example", name=f"P{n}") for n in range(7)]
    for n, person in enumerate(people):
        team = "core" if n < 5 else "support"
        books.spend(october(3), 100 + n, team=team, person_id=person.pk)
    books.spend(october(3), 40, reason="no_identity")
    report = unit_cost(WHOLE, by="person", now=NOW)
    assert [row.key for row in report.rows] == [
        *(f"p{n}@x.example" for n in range(5)), "fewer than five", "no person",
    ]  # fmt: skip
    assert [cents(row.spend) for row in report.rows[-2:]] == [211, 40]
    assert sum(row.spend for row in report.rows) == report.total.spend


def test_printed_rows_add_up_to_the_printed_total():
    books = Books()
    for n, team in enumerate(("ant", "bee", "cat")):
        books.item(f"PR-{n}", team=team, done=october(5))
        books.spend(october(5), 0, nanos=3_333_333_333, team=team, item=f"PR-{n}")
        books.spend(october(5), 0, nanos=1_111_111_111, team=team)
        books.spend(october(6), 0, nanos=5_005_000 + n, team=team, is_provisional=True)
    books.settled()
    report = as_json("--by=team")
    for column in ("billed", "provisional"):
        assert sum(Decimal(row[column]) for row in report["rows"]) == Decimal(
            report["total"][column]
        )
    for row in [report["total"], *report["rows"]]:
        spend = Decimal(row["billed"]) + Decimal(row["provisional"])
        assert sum(map(Decimal, row["tiers"].values())) == spend
        assert sum(map(Decimal, row["fates"].values())) == spend
    for tier in TIERS:
        assert sum(Decimal(row["tiers"][tier]) for row in report["rows"]) == Decimal(
            report["total"]["tiers"][tier]
        )


def test_json_names_every_figure_of_the_contract():
    worked_month()
    report = as_json("--by=team")
    assert report["currency"] == "USD"
    assert report["total"]["billed"] == "315.00"
    core = report["rows"][0]
    assert (core["key"], core["billed"], core["provisional"]) == ("core", "269.72", "0.00")
    assert set(core["fates"]) == set(FATES)
    kind = core["kinds"]["pull_request"]
    assert kind["outcomes"] == 3
    assert kind["unit_cost"] == {"direct": "60.41", "loaded": "74.91", "all_in": "89.91"}
    assert kind["interval"] == {"low": "20.67", "high": "292.93"}


def test_words_say_the_same_as_the_json():
    worked_month()
    text = printed()
    assert "Total: 315.00 USD" in text
    assert "3 merged pull requests at 60.41 USD (20.67 to 292.93, 95 %)" in text


@pytest.mark.parametrize(
    ("options", "code"),
    [(("--team=nobody",), "unknown_team"), (("--end=2026-10-01",), "empty_period")],
)
def test_a_question_without_an_answer_is_refused_with_what_would_do(options, code):
    worked_month()
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command(
            "unit_cost", "--start=2026-10-01", "--end=2026-11-01", "--json", *options, stdout=out
        )
    assert ended.value.code == 1
    refusal = json.loads(out.getvalue())
    assert refusal["code"] == code
    assert refusal["expected"]


@pytest.mark.parametrize("by", [None, "team", "month", "kind", "outcome", "tier", "fate"])
def test_reports_need_few_statements_however_long_the_rows(by, django_assert_max_num_queries):
    worked_month()
    with django_assert_max_num_queries(12):
        unit_cost(WHOLE, by=by, now=NOW)


def test_empty_books_give_an_empty_report():
    report = as_json("--by=team")
    assert (report["total"]["billed"], report["rows"], report["total"]["kinds"]) == ("0.00", [], {})
