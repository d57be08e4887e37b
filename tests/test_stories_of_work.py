"""What becomes of money and credit when work takes its turns, told in files as a company would."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from finops.attribution.queries.receipts import receipt
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.outcomes.models import WorkItem
from finops.periods import Period
from tests.commands import Company, bill_row, command, done, in_state, mail, settle

pytestmark = pytest.mark.django_db
OCTOBER = ("2025-10-01", "2025-11-01")
SEPTEMBER = ("2025-09-01", "2025-10-01")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """Ann and Cid make core, Zoe lends a hand from data, Sue answers in support."""
    company = Company(tmp_path)
    company.people(ann="core", cid="core", zoe="data", sue="support")
    return company


def spent(day: str, amount: str, **tags: str) -> Mapping[str, object]:
    who = {"person": mail(tags.pop("by"))} if "by" in tags else {}
    return bill_row(day, amount, who | tags)


def fates(row: Mapping[str, Any]) -> dict[str, str]:
    """The fates that got any money."""
    return {fate: amount for fate, amount in row["fates"].items() if Decimal(amount)}


def fate_of(acme: Company, *items: str) -> dict[str, str]:
    """What became of the money that reached each item."""
    rows = acme.rows("2025-09-01", "2026-01-01", "outcome")
    return {item: ", ".join(fates(rows[item])) for item in items}


def test_a_borrowed_engineers_team_pays_and_the_authors_team_gets_the_credit(
    acme: Company,
) -> None:
    acme.work(done("acme/app#1", "2025-10-09", "ann"))
    acme.bill(
        spent("2025-10-06", "40.00", by="ann", pr="acme/app#1"),
        spent("2025-10-07", "60.00", by="zoe", pr="acme/app#1"),
    )
    teams = acme.rows(*OCTOBER, "team")
    assert {slug: row["billed"] for slug, row in teams.items()} == {
        "core": "40.00",
        "data": "60.00",
    }
    core, data = (teams[slug]["kinds"]["pull_request"] for slug in ("core", "data"))
    assert (core["outcomes"], core["unit_cost"]["direct"]) == (1, "40.00")
    assert (data["outcomes"], data["unit_cost"]["direct"]) == (0, None)
    assert acme.kind(*OCTOBER)["unit_cost"]["direct"] == "100.00"


def test_the_receipt_of_a_borrowed_engineer_names_who_pays(acme: Company) -> None:
    acme.work(done("acme/app#1", "2025-10-09", "ann"))
    acme.bill(
        spent("2025-10-06", "40.00", by="ann", pr="acme/app#1"),
        spent("2025-10-07", "60.00", by="zoe", pr="acme/app#1"),
    )
    settle()
    found = receipt(WorkItem.objects.get().pk, cost="billed", now=NOW)
    assert found
    assert found.team.slug == "core"
    assert [(team.slug, nanos // 10**9) for team, nanos in found.payers] == [
        ("data", 60),
        ("core", 40),
    ]


def test_an_engineer_of_another_team_who_writes_half_gets_half_of_the_credit(
    acme: Company,
) -> None:
    acme.work(done("acme/app#1", "2025-10-09", "ann", "zoe"))
    acme.bill(spent("2025-10-07", "60.00", by="zoe", pr="acme/app#1"))
    teams = acme.rows(*OCTOBER, "team")
    assert teams["core"]["kinds"]["pull_request"]["outcomes"] == 0.5
    data = teams["data"]["kinds"]["pull_request"]
    assert (data["outcomes"], data["unit_cost"]["direct"]) == (0.5, "120.00")


def test_three_authors_share_one_outcome_to_the_millionth(acme: Company) -> None:
    acme.work(done("acme/app#1", "2025-10-09", "ann", "sue", "zoe"))
    acme.bill(spent("2025-10-07", "9.00", pr="acme/app#1", by="ann"))
    teams = acme.rows(*OCTOBER, "team")
    shares = {slug: row["kinds"]["pull_request"]["outcomes"] for slug, row in teams.items()}
    assert shares == {"core": 0.333334, "data": 0.333333, "support": 0.333333}
    assert acme.kind(*OCTOBER)["outcomes"] == 1


def test_authors_share_the_credit_by_their_commits_where_the_file_says_so(acme: Company) -> None:
    people = f"{mail('zoe')}=3;{mail('ann')}=5;{mail('sue')}=1"
    acme.work(done("acme/app#1", "2025-10-09") | {"person_emails": people})
    acme.bill(spent("2025-10-07", "9.00", pr="acme/app#1", by="ann"))
    teams = acme.rows(*OCTOBER, "team")
    shares = {slug: row["kinds"]["pull_request"]["outcomes"] for slug, row in teams.items()}
    assert shares == {"core": 0.555556, "data": 0.333333, "support": 0.111111}


def test_the_money_of_a_ticket_goes_to_its_three_pull_requests(acme: Company) -> None:
    pulls = [f"acme/app#{number}" for number in (1, 2, 3)]
    acme.work(
        done("ENG-7", "2025-10-09", "sue", kind="ticket"),
        *(done(pull, "2025-10-08", "ann", links="closes:ENG-7") for pull in pulls),
    )
    acme.bill(spent("2025-10-06", "100.00", by="ann", ticket="ENG-7"))
    found = acme.rows(*OCTOBER, "outcome")
    assert {key: row["billed"] for key, row in found.items()} == {
        "acme/app#1": "33.34", "acme/app#2": "33.33", "acme/app#3": "33.33",
    }  # fmt: skip
    kinds = acme.report(*OCTOBER)["total"]["kinds"]
    assert (kinds["pull_request"]["outcomes"], kinds["pull_request"]["unit_cost"]["direct"]) == (
        3,
        "33.33",
    )
    assert (kinds["ticket"]["outcomes"], kinds["ticket"]["unit_cost"]["direct"]) == (1, "0.00")


def test_a_ticket_without_pull_requests_keeps_its_money(acme: Company) -> None:
    acme.work(done("ENG-7", "2025-10-09", "sue", kind="ticket"))
    acme.bill(spent("2025-10-06", "100.00", by="sue", ticket="ENG-7"))
    assert acme.kind(*OCTOBER, "ticket")["unit_cost"]["direct"] == "100.00"


def test_finished_work_that_names_nobody_still_counts(acme: Company) -> None:
    acme.work(done("acme/app#1", "2025-10-09"), done("ENG-7", "2025-10-09", kind="ticket"))
    acme.bill(spent("2025-10-06", "40.00", by="ann", pr="acme/app#1"))
    kinds = acme.report(*OCTOBER)["total"]["kinds"]
    assert {kind: found["outcomes"] for kind, found in kinds.items()} == {
        "pull_request": 1,
        "ticket": 1,
    }
    assert kinds["pull_request"]["unit_cost"]["direct"] == "40.00"


def test_two_services_that_use_each_other_are_paid_by_the_teams_behind_them(acme: Company) -> None:
    acme.people(pia="p", val="v")
    acme.bill(spent("2025-10-06", "60000.00", team="p"), spent("2025-10-06", "40000.00", team="v"))
    rules = acme.folder / "rules.toml"
    rules.write_text(
        """
        [[rule]]
        name = "Platform and vectors serve each other"
        method = "reciprocal"
        percent = true
        services.p = { v = 20, core = 50, support = 30 }
        services.v = { p = 10, core = 60, support = 30 }
        """
    )
    command("allocation_rules", "apply", rules)
    teams = acme.rows(*OCTOBER, "team")
    assert {slug: row["billed"] for slug, row in teams.items()} == {
        "core": "64489.80", "support": "35510.20",
    }  # fmt: skip


def test_a_september_session_counts_in_the_unit_cost_of_the_october_merge(acme: Company) -> None:
    acme.bill(spent("2025-09-29", "70.00", by="ann", session="s1"))
    acme.work(in_state("open", "acme/app#1", "2025-09-28", person_emails=mail("ann")))
    before = acme.report(*SEPTEMBER)["total"]
    assert before["billed"] == "70.00"
    acme.work(done("acme/app#1", "2025-10-02", "ann", session_ids="s1"))
    acme.bill(spent("2025-10-01", "30.00", by="ann", session="s1"))
    september, october = (acme.report(*month)["total"] for month in (SEPTEMBER, OCTOBER))
    assert october["billed"] == "30.00"
    assert october["kinds"]["pull_request"]["unit_cost"] == {
        "direct": "100.00", "loaded": "100.00", "all_in": "30.00",
    }  # fmt: skip
    assert september["billed"] == "70.00"
    assert (
        "pull_request" not in september["kinds"]
        or not september["kinds"]["pull_request"]["outcomes"]
    )
    assert fates(september) == {"value": "70.00"}  # what became of it is known now


def test_a_reopened_ticket_counts_where_it_was_resolved_last(acme: Company) -> None:
    acme.work(done("ENG-7", "2025-09-20", "sue", kind="ticket"))
    acme.bill(spent("2025-09-18", "10.00", by="sue", ticket="ENG-7"))
    assert acme.kind(*SEPTEMBER, "ticket")["outcomes"] == 1
    acme.work(in_state("reopened", "ENG-7", "2025-09-25", kind="ticket"))
    assert acme.kind(*SEPTEMBER, "ticket")["outcomes"] == 0
    assert fate_of(acme, "ENG-7") == {"ENG-7": "in_progress"}
    acme.work(done("ENG-7", "2025-10-03", "sue", kind="ticket"))
    acme.bill(spent("2025-10-02", "5.00", by="sue", ticket="ENG-7"))
    assert acme.kind(*SEPTEMBER, "ticket")["outcomes"] == 0
    october = acme.kind(*OCTOBER, "ticket")
    assert (october["outcomes"], october["unit_cost"]["direct"]) == (1, "15.00")
    assert acme.report(*SEPTEMBER)["total"]["billed"] == "10.00"


def reverting(number: int, day: str, what: str = "") -> Mapping[str, object]:
    return done(f"acme/app#{number}", day, "ann", links=what)


def money_of(*numbers: int) -> list[Mapping[str, object]]:
    return [
        spent("2025-10-01", f"{number}.00", by="ann", pr=f"acme/app#{number}") for number in numbers
    ]


def test_a_revert_moves_the_money_of_both_out_of_value(acme: Company) -> None:
    acme.work(reverting(1, "2025-10-02"))
    acme.bill(*money_of(1, 2))
    assert fate_of(acme, "acme/app#1") == {"acme/app#1": "value"}
    acme.work(reverting(2, "2025-10-05", "reverts:acme/app#1"))
    assert fate_of(acme, "acme/app#1", "acme/app#2") == {
        "acme/app#1": "reverted", "acme/app#2": "rework",
    }  # fmt: skip
    total = acme.report(*OCTOBER)["total"]
    assert (total["billed"], total["tiers"]["A"]) == ("3.00", "3.00")  # relabelled, nothing added
    assert (
        total["kinds"]["pull_request"]["outcomes"],
        total["kinds"]["pull_request"]["durable"],
    ) == (2, 0)


def test_a_revert_that_was_reverted_brings_the_first_work_back(acme: Company) -> None:
    acme.work(
        reverting(1, "2025-10-02"),
        reverting(2, "2025-10-05", "reverts:acme/app#1"),
        reverting(3, "2025-10-06", "reverts:acme/app#2"),
    )
    acme.bill(*money_of(1, 2, 3))
    assert fate_of(acme, "acme/app#1", "acme/app#2", "acme/app#3") == {
        "acme/app#1": "value", "acme/app#2": "reverted", "acme/app#3": "rework",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("pull_request", timedelta(days=14)),
        ("ticket", timedelta(days=7)),
        ("conversation", timedelta(days=1)),
    ],
)
def test_a_fix_within_the_window_is_rework_and_after_it_new_work(
    acme: Company, kind: str, window: timedelta
) -> None:
    start = datetime(2025, 10, 1, 8, tzinfo=UTC)
    keys = {"pull_request": "acme/app#{}", "ticket": "ENG-{}", "conversation": "C-{}"}
    first, early, late = (keys[kind].format(number) for number in (1, 2, 3))
    ends = {first: start, early: start + window - timedelta(seconds=1), late: start + window}
    acme.work(
        *(
            done(key, f"{end:%Y-%m-%dT%H:%M:%SZ}", "ann", kind=kind)
            | ({} if key == first else {"links": f"fixes:{first}"})
            for key, end in ends.items()
        )
    )
    tag = "pr" if kind == "pull_request" else kind
    acme.bill(*(spent("2025-10-01", "1.00", by="ann", **{tag: key}) for key in ends))
    assert fate_of(acme, *ends) == {first: "value", early: "rework", late: "value"}


@pytest.mark.parametrize(
    ("kind", "window"),
    [
        ("pull_request", timedelta(days=14)),
        ("ticket", timedelta(days=7)),
        ("conversation", timedelta(days=1)),
    ],
)
def test_only_what_is_old_enough_is_judged_durable(
    acme: Company, kind: str, window: timedelta
) -> None:
    key = "acme/app#1" if kind == "pull_request" else "X-1"
    acme.work(done(key, "2025-10-03T08:00:00Z", "ann", kind=kind))
    settle()
    end = datetime(2025, 10, 3, 8, tzinfo=UTC) + window
    scope = Scope(Period(end.date().replace(day=1), end.date().replace(day=31)))
    for now, old_enough in ((end - timedelta(seconds=1), 0), (end, 1)):
        found = unit_cost(scope, by=None, now=now).total.kinds[kind]
        assert (found.outcomes, found.matured, found.durable) == (1, old_enough, old_enough)


def test_abandoned_work_is_no_outcome_and_its_money_is_told_apart(acme: Company) -> None:
    acme.work(
        done("acme/app#1", "2025-10-02", "ann"), in_state("abandoned", "acme/app#2", "2025-10-04")
    )
    acme.bill(*money_of(1, 2))
    total = acme.report(*OCTOBER)["total"]
    assert fates(total) == {"value": "1.00", "abandoned": "2.00"}
    assert total["kinds"]["pull_request"]["outcomes"] == 1
    assert total["kinds"]["pull_request"]["unit_cost"]["direct"] == "1.00"


def test_work_that_is_merged_after_all_turns_its_money_into_value(acme: Company) -> None:
    acme.work(in_state("abandoned", "acme/app#1", "2025-10-02"))
    acme.bill(*money_of(1))
    assert fate_of(acme, "acme/app#1") == {"acme/app#1": "abandoned"}
    acme.work(in_state("reopened", "acme/app#1", "2025-10-05"))
    assert fate_of(acme, "acme/app#1") == {"acme/app#1": "in_progress"}
    acme.work(done("acme/app#1", "2025-10-09", "ann"))
    assert fate_of(acme, "acme/app#1") == {"acme/app#1": "value"}


def test_500_dollars_without_an_outcome_are_a_lower_bound(acme: Company) -> None:
    acme.work(in_state("open", "acme/app#1", "2025-10-02", person_emails=mail("ann")))
    acme.bill(spent("2025-10-03", "500.00", by="ann", pr="acme/app#1"))
    found = acme.kind(*OCTOBER)
    assert found["unit_cost"] == {"direct": None, "loaded": None, "all_in": None}
    assert found["interval"] == {"low": "166.90", "high": None}


def test_500_dollars_for_three_outcomes_are_57_to_808_each(acme: Company) -> None:
    acme.work(*(done(f"acme/app#{number}", "2025-10-09", "ann") for number in (1, 2, 3)))
    acme.bill(spent("2025-10-06", "500.00", by="ann", pr="acme/app#1"))
    found = acme.kind(*OCTOBER)
    assert found["unit_cost"]["direct"] == "166.67"
    assert found["interval"] == {"low": "57.03", "high": "808.18"}


def test_eight_weeks_of_work_have_the_interval_of_a_ratio(acme: Company) -> None:
    costs, counts = (120, 80, 200, 150, 60, 90, 300), (6, 4, 8, 5, 4, 3, 10)
    lines, pulls = [], []
    for week, (cost, count) in enumerate(zip(costs, counts, strict=True)):
        day = f"{datetime(2025, 9, 1, tzinfo=UTC) + timedelta(days=7 * week):%Y-%m-%d}"
        pulls += [done(f"acme/app#{week}{i}", day, "ann") for i in range(count)]
        lines.append(spent(day, f"{cost}.00", by="ann", pr=f"acme/app#{week}0"))
    acme.work(*pulls)
    acme.bill(*lines)
    found = acme.kind("2025-09-01", "2025-11-01")
    assert (found["outcomes"], found["unit_cost"]["direct"]) == (40, "25.00")
    # Seven weeks had work; the eighth of the method's table, nothing for nothing, is no week here.
    assert found["interval"] == {"low": "17.84", "high": "29.55"}


def test_a_bill_line_in_thirds_adds_up_to_the_cent(acme: Company) -> None:
    acme.work(*(done(f"acme/app#{number}", "2025-10-09", "ann") for number in (1, 2, 3)))
    acme.bill(
        spent("2025-10-06", "1.2345", by="ann", pr="acme/app#1"),
        spent("2025-10-06", "1.2345", by="ann", pr="acme/app#2"),
        spent("2025-10-06", "0.030999999", by="ann", pr="acme/app#3"),
    )
    report = acme.report(*OCTOBER, "--by", "outcome")
    assert report["total"]["billed"] == "2.50"
    assert sorted(row["billed"] for row in report["rows"]) == ["0.03", "1.23", "1.24"]


def test_hidden_cost_makes_a_75_dollar_merge_a_136_dollar_durable_one(acme: Company) -> None:
    lasting = [f"acme/app#{number}" for number in range(1, 16)]
    reverted, redoing = (
        ["acme/app#16", "acme/app#17"],
        ["acme/app#18", "acme/app#19", "acme/app#20"],
    )
    links = ("reverts:acme/app#16;reverts:acme/app#17", "fixes:acme/app#1", "fixes:acme/app#2")
    acme.work(
        *(done(pull, "2025-10-06", "ann") for pull in (*lasting, *reverted)),
        *(
            done(pull, "2025-10-08", "ann", links=to)
            for pull, to in zip(redoing, links, strict=True)
        ),
        in_state("abandoned", "acme/app#21", "2025-10-09"),
        in_state("open", "acme/app#22", "2025-10-10"),
    )
    costs = [*zip(lasting, ["100.00"] * 15, strict=True), *zip(reverted, ["90.00"] * 2, strict=True),
             *zip(redoing, ["15.00", "100.00", "125.00"], strict=True), ("acme/app#21", "120.00"),
             ("acme/app#22", "90.00")]  # fmt: skip
    acme.bill(
        *(spent("2025-10-03", amount, by="ann", pr=pull) for pull, amount in costs),
        spent("2025-10-03", "120.00", shared="true"),
        spent("2025-10-03", "50.00", by="nobody-knows"),
    )
    total = acme.report(*OCTOBER)["total"]
    assert total["billed"] == "2300.00"
    assert fates(total) == {
        "value": "1500.00", "in_progress": "90.00", "rework": "240.00", "reverted": "180.00",
        "abandoned": "120.00", "overhead": "120.00", "unattributed": "50.00",
    }  # fmt: skip
    assert (total["hidden_cost"], total["hidden_share"]) == ("540.00", 0.2647)
    pulls = total["kinds"]["pull_request"]
    assert (pulls["outcomes"], pulls["matured"], pulls["durable"]) == (20, 20, 15)
    assert pulls["cost_per_durable"] == "136.00"
    assert pulls["durable_rate"] == {"rate": 0.75, "low": 0.5313, "high": 0.8881}


def test_nobody_says_what_a_durable_outcome_costs_before_all_are_old_enough(acme: Company) -> None:
    acme.work(done("acme/app#1", "2025-10-01", "ann"), done("acme/app#2", "2025-10-20", "ann"))
    acme.bill(spent("2025-10-01", "50.00", by="ann", pr="acme/app#1"))
    settle()
    october = Scope(Period(date(2025, 10, 1), date(2025, 11, 1)))
    for now, each in ((datetime(2025, 11, 2, tzinfo=UTC), None), (NOW, 25 * 10**9)):
        assert (
            unit_cost(october, by=None, now=now).total.kinds["pull_request"].cost_per_durable
            == each
        )
