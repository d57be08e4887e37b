"""One figure, four ways: the page, its CSV, the API and the command say the same to the last digit.

For every filter and every role that may ask: they call the same query, and nothing on the way
out rounds, drops or adds.
"""

import csv
import io
import json
import re
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from finops.attribution.models import Allocation, ItemFate, ItemTeam, OutcomeCost
from finops.money import from_nanos
from finops.people.models import User
from tests.books import Books, october, worked_month

pytestmark = pytest.mark.django_db

PERIODS = {
    "2026-10": ("2026-10-01", "2026-11-01"),
    "2026-10-03..2026-10-20": ("2026-10-03", "2026-10-21"),
    "2026": ("2026-01-01", "2027-01-01"),
}
FILTERS = [
    (period, team, cost)
    for period in PERIODS
    for team in ("", "core", "support")
    for cost in ("billed", "effective")
]


@pytest.fixture
def books() -> Books:
    """The worked month, and amounts that do not come out even."""
    books = worked_month()
    odd = (("core", 3_333_333_333), ("support", 1), ("core", -66_666_667), (None, 10_000_001))
    for day, (team, nanos) in enumerate(odd, start=4):
        books.spend(october(day), 0, nanos=nanos, team=team, effective=day)
    books.spend(october(9), 0, nanos=6_666_666_667, team="core", item="PR-2", effective=4)
    for model in (ItemFate, ItemTeam, OutcomeCost):  # written anew with the rest
        model.objects.all().delete()
    return books.settled()


def client_of(role: str, *teams: Any) -> Client:
    user = User.objects.create_user(f"{role}-{len(teams)}", role=role)
    user.teams.set(teams)
    client = Client()
    client.force_login(user)
    return client


def command(period: str, team: str, cost: str, by: str = "") -> dict[str, Any]:
    out = StringIO()
    start, end = PERIODS[period]
    more = [*(["--team", team] if team else []), *(["--by", by] if by else [])]
    call_command(
        "unit_cost", "--start", start, "--end", end, "--cost", cost, "--json", *more, stdout=out
    )
    return json.loads(out.getvalue(), parse_float=Decimal)


def query(period: str, team: str, cost: str) -> str:
    return f"period={period}&cost={cost}" + (f"&team={team}" if team else "")


def api(client: Client, name: str, asked: str) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{name}/?{asked}")
    assert answer.status_code == 200, answer.content
    return json.loads(answer.content, parse_float=Decimal)


def sheet(client: Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200, address
    content = b"".join(response) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def page(client: Client, asked: str) -> str:
    html = client.get(f"/?{asked}").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


def spent(row: dict[str, Any]) -> Decimal:
    return Decimal(row["billed"]) + Decimal(row["provisional"])


@pytest.mark.parametrize(
    ("role", "period", "team", "cost"),
    [("cfo", *asked) for asked in FILTERS] + [("admin", "2026-10", "core", "effective")],
)
def test_the_spend_is_one_figure_everywhere(books, role, period, team, cost):
    client, asked = client_of(role), query(period, team, cost)
    total = command(period, team, cost)["total"]
    assert api(client, "unit-costs", asked)["total"] == total
    exact = Decimal(api(client, "spend", asked)["total"])
    assert abs(exact - spent(total)) <= Decimal("0.005")
    bands = api(client, "spend", asked)["bands"]
    assert sum(Decimal(band["amount"]) for band in bands) == exact
    flow = sheet(client, f"/panels/overview/flow.csv?{asked}")
    assert sum(Decimal(row["amount_usd"]) for row in flow) == spent(total)
    assert f"${spent(total):,.2f}" in page(client, asked)


@pytest.mark.parametrize("cost", ["billed", "effective"])
@pytest.mark.parametrize("period", PERIODS)
def test_lines_of_the_list_and_its_file_sum_to_the_same_figure(books, period, cost):
    client, asked = client_of("cfo"), query(period, "", cost)
    exact = Decimal(api(client, "spend", asked)["total"])
    assert Decimal(api(client, "cells", asked)["total"]) == exact
    lines = sheet(client, f"/spend/lines/export/?{asked}")
    assert sum(Decimal(line["amount"]) for line in lines) == exact


@pytest.mark.parametrize("cost", ["billed", "effective"])
@pytest.mark.parametrize("period", PERIODS)
def test_each_teams_spend_is_one_figure_everywhere(books, period, cost):
    client, asked = client_of("cfo"), query(period, "", cost)
    said = {row["key"]: spent(row) for row in command(period, "", cost, "team")["rows"]}
    answered = api(client, "unit-costs", f"{asked}&by=team")["rows"]
    assert {row["key"]: spent(row) for row in answered} == said
    teams = sheet(client, f"/panels/overview/by-team.csv?{asked}")
    assert sorted(Decimal(row["spend_usd"]) for row in teams) == sorted(said.values())
    assert sum(said.values()) == spent(command(period, "", cost)["total"])


@pytest.mark.parametrize("cost", ["billed", "effective"])
@pytest.mark.parametrize("period", PERIODS)
def test_a_manager_reads_the_same_figures_and_only_the_own_team(books, period, cost):
    client, asked = client_of("manager", books.teams["support"]), query(period, "", cost)
    total = command(period, "", cost)["total"]
    assert api(client, "unit-costs", asked)["total"] == total
    assert f"${spent(total):,.2f}" in page(client, asked)
    flow = sheet(client, f"/panels/overview/flow.csv?{asked}")
    assert sum(Decimal(row["amount_usd"]) for row in flow) == spent(total)
    (row,) = [r for r in command(period, "", cost, "team")["rows"] if r["key"] == "support"]
    (answered,) = api(client, "unit-costs", f"{asked}&by=team")["rows"]
    (shown,) = sheet(client, f"/panels/overview/by-team.csv?{asked}")
    assert spent(answered) == spent(row) == Decimal(shown["spend_usd"])


def test_a_receipt_is_one_figure_everywhere(books):
    client, item = client_of("cfo"), books.items["PR-2"]
    received = Allocation.objects.filter(item_id=item.pk).values_list("billed_nanos", flat=True)
    direct = from_nanos(sum(received))
    receipt = api(client, f"outcomes/{item.pk}", "")
    assert Decimal(receipt["direct"]) == direct
    assert sum(Decimal(line["amount"]) for line in receipt["lines"]) == direct
    (row,) = [r for r in command("2026", "", "billed", "outcome")["rows"] if r["key"] == "PR-2"]
    tied = Decimal(row["tiers"]["A"]) + Decimal(row["tiers"]["B"])
    assert abs(tied - direct) < Decimal("0.01")  # at cents, rows add up to their total
    lines = sheet(client, f"/panels/receipt/lines.csv?of={item.pk}")
    assert sum(Decimal(line["cost_usd"]) for line in lines) == round(direct, 2)
