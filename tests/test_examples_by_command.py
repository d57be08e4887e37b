"""The method's comparisons through the public commands alone: files in, JSON out."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from tests.commands import Company, Row, bill_row, command, done, in_state, mail, settle
from tests.samples import shared

pytestmark = pytest.mark.django_db
OCTOBER = ("--start", "2025-10-01", "--end", "2025-11-01")
WHO = {"a": "treated", "b": "control"}
SMALL, LARGE = 20, 400  # lines


@pytest.fixture(scope="module")
def examples() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shared("attribution_examples.json").read_text())
    return found


@pytest.fixture
def acme(tmp_path: Path) -> Company:
    """Two teams of five people each."""
    company = Company(tmp_path)
    company.people(**{f"{team}{n}": team for team in ("a", "b") for n in range(5)})
    return company


def pulls(team: str, day: str, number: int, lines: int = SMALL) -> Iterator[Row]:
    """So many merged pull requests of a team, of one size."""
    for n in range(number):
        name = f"acme/{team}-{lines}-{day}#{n + 1}"
        yield done(name, day, f"{team}0", lines_added=str(lines), lines_deleted="0")


def paid(team: str, day: str, amount: str, lines: int = SMALL) -> Row:
    """What they cost together, billed for the first of them."""
    tags = {"person": mail(f"{team}0"), "pr": f"acme/{team}-{lines}-{day}#1"}
    return bill_row(day, amount, tags)


def said(name: str, *options: str) -> str:
    out = StringIO()
    call_command(name, *options, stdout=out)
    return out.getvalue()


def refusal(name: str, *options: str) -> dict[str, Any]:
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command(name, *options, "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_two_teams_at_the_same_mix(acme: Company, examples: dict[str, Any]) -> None:
    expected = examples["stats"]["simpson"]
    work = (
        ("a", 90, "900.00", SMALL), ("a", 10, "1100.00", LARGE),
        ("b", 10, "120.00", SMALL), ("b", 90, "10800.00", LARGE),
    )  # fmt: skip
    for team, number, _, lines in work:
        acme.work(*pulls(team, "2025-10-06", number, lines))
    acme.bill(*(paid(team, "2025-10-06", amount, lines) for team, _, amount, lines in work))
    settle()
    (kind,) = command("like_for_like", *OCTOBER)["kinds"]
    assert {row["team"]: (row["direct"], row["at_common_mix"]) for row in kind["teams"]} == {
        team.lower(): (
            f"{expected[f'{team}_overall']:.2f}", f"{expected[f'{team}_standardised']:.2f}",
        )
        for team in "AB"
    }  # fmt: skip
    assert kind["direct"] == "64.60"
    assert {size: row["outcomes"] for size, row in kind["sizes"].items()} == {"S": 100, "L": 100}
    words = said("like_for_like", *OCTOBER, "--team", "b")
    assert "b: 100, 109.20 USD each, 66.00 at the common mix\n" in words
    assert "  a: " not in words


def quarter(acme: Company, examples: dict[str, Any], months: tuple[str, ...]) -> None:
    """Each month ten pull requests a team; from the last month on at the costs after the change."""
    for month in months:
        day, at = f"{month}-06", int(month == months[-1])
        each = {team: examples["stats"]["did"][who][at] for team, who in WHO.items()}
        acme.work(*pulls("a", day, 10), *pulls("b", day, 10))
        acme.bill(*(paid(team, day, f"{10 * each[team]:.2f}") for team in WHO))
    settle()


def test_the_change_of_a_control_is_taken_off(acme: Company, examples: dict[str, Any]) -> None:
    quarter(acme, examples, ("2025-09", "2025-10"))
    asked = ("--start", "2025-09-01", "--end", "2025-11-01", "--on", "2025-10-01", "--team", "a")
    found = command("before_after", *asked, "--against", "b")
    assert found["difference"] == f"{examples['stats']['did']['att']:.2f}"
    assert found["interval"] == {"low": None, "high": None}
    assert found["why_not"] == "too_early"  # a figure, not yet a verdict
    assert [(row["month"], row["side"], row["gap"]) for row in found["months"]] == [
        ("2025-09", "before", "-0.10"), ("2025-10", "after", "0.30"),
    ]  # fmt: skip
    assert found["months"][1]["treated"] == {"outcomes": 10, "direct": "2.60"}
    words = said("before_after", *asked)  # against all others, here the same
    assert "2025-10 after   2.60 (10) against 2.30 (10)" in words
    assert "associated with 0.40 USD per merged pull request (too few months" in words
    assert "No verdict: under twelve weeks since the change." in words


def test_a_verdict_needs_three_months_before_and_twelve_weeks_after(
    acme: Company, examples: dict[str, Any]
) -> None:
    quarter(acme, examples, ("2025-06", "2025-07", "2025-08", "2025-09"))
    asked = ("--start", "2025-06-01", "--team", "a", "--against", "b")
    early = command("before_after", *asked, "--end", "2025-10-01", "--on", "2025-09-01")
    assert (early["difference"], early["why_not"]) == ("0.40", "too_early")
    # The month of the change is on neither side; a month without work says nothing.
    late = command("before_after", *asked, "--end", "2025-11-01", "--on", "2025-08-15")
    assert [row["month"] for row in late["months"]] == ["2025-06", "2025-07", "2025-09", "2025-10"]
    assert (late["difference"], late["why_not"]) == (None, "no_outcomes")
    alone = command("before_after", *asked, "--end", "2025-09-01", "--on", "2025-09-01")
    assert (alone["difference"], alone["why_not"]) == (None, "no_months")


def test_under_ten_outcomes_of_a_group_are_no_verdict(acme: Company) -> None:
    for month in ("2025-06", "2025-07", "2025-08", "2025-09", "2025-10", "2025-11"):
        acme.work(*pulls("a", f"{month}-06", 4), *pulls("b", f"{month}-06", 3))
        acme.bill(paid("a", f"{month}-06", "12.00"), paid("b", f"{month}-06", "12.00"))
    settle()
    asked = ("--start", "2025-06-01", "--end", "2025-12-01", "--team", "a", "--on", "2025-09-01")
    found = command("before_after", *asked)
    assert (found["difference"], found["why_not"]) == ("0.00", "few_outcomes")
    acme.work(*pulls("b", "2025-07-07", 3), *pulls("b", "2025-10-07", 3))
    settle()
    assert command("before_after", *asked)["why_not"] != "few_outcomes"


def test_a_team_is_not_its_own_control(acme: Company) -> None:
    asked = ("--start", "2025-06-01", "--end", "2025-12-01", "--on", "2025-09-01")
    assert refusal("before_after", *asked, "--team", "a", "--against", "a")["code"] == "same_team"
    assert refusal("before_after", *asked)["code"] == "no_team"
    assert refusal("before_after", *asked, "--team", "x")["code"] == "unknown_team"
    assert refusal("like_for_like", "--start", "2025-06-01", "--end", "2025-06-01")["code"] == (
        "empty_period"
    )


def reviewed(number: int) -> list[Row]:
    """The life of one pull request as a file tells it: opened, then merged."""
    name, opened = f"acme/app#{number}", datetime(2025, 10, 5, 4, 51, 47)  # noqa: DTZ001
    times = {
        "started_at": opened - timedelta(days=1),
        "first_review_at": opened + timedelta(minutes=5),
        "deployed_at": opened + timedelta(hours=1, minutes=2978),
    }
    told = {column: f"{at:%Y-%m-%dT%H:%M:%SZ}" for column, at in times.items()}
    started = {"started_at": told["started_at"]}
    return [
        in_state("open", name, "2025-10-05T04:51:47Z", person_emails=mail("a0"), **started),
        done(name, "2025-10-05T05:51:47Z", "a0", **told),
    ]


def test_the_parts_of_a_pull_requests_life(acme: Company, examples: dict[str, Any]) -> None:
    acme.work(*(row for number in range(1, 10) for row in reviewed(number)))
    settle()
    few = command("review_times", *OCTOBER)["parts"]
    assert {row["part"]: (row["pull_requests"], row["median_minutes"]) for row in few} == (
        dict.fromkeys(examples["pr_times_devlake_pr1_minutes"], (9, None))
    )
    acme.work(*reviewed(10))
    settle()
    parts = command("review_times", *OCTOBER)["parts"]
    for figure in ("median_minutes", "p90_minutes"):
        assert {row["part"]: row[figure] for row in parts} == (
            examples["pr_times_devlake_pr1_minutes"]
        )
    assert "deploy: half took 2978 min or less" in said("review_times", *OCTOBER, "--team", "a")
    assert said("review_times", *OCTOBER, "--team", "b") == (
        "The times of no merged pull request of this period are known.\n"
    )


def test_a_part_that_is_not_known_adds_nothing_to_the_whole(acme: Company) -> None:
    for number in range(1, 11):
        opened, merged = reviewed(number)
        acme.work(opened, {**merged, "deployed_at": "", "first_review_at": ""})
    settle()
    parts = {
        row["part"]: row["median_minutes"] for row in command("review_times", *OCTOBER)["parts"]
    }
    assert parts == {"coding": 1440, "cycle": 1500}
