"""The API gives each role what it may see, in the figures of the command, and no surprises."""

import json
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from dashboards.api.shapes import exact
from finops.attribution.models import BillDay, ItemFate, ItemTeam, OutcomeCost
from finops.ledger.models import Charge
from finops.people.models import Organisation, User
from tests.books import Books, october, worked_month

pytestmark = pytest.mark.django_db

OCTOBER = "?period=2026-10"
BY = ("team", "month", "kind", "outcome", "tier", "fate")


@pytest.fixture
def books() -> Books:
    """The worked month, and two lines of a bill: one of core, one of support."""
    books = worked_month()
    line = books.bill_line(october(2), 500, actor="mia@acme.example", model="opus")
    books.spend(october(2), 500, team="core", item="PR-1", **line)
    other = books.bill_line(october(3), 700, line=3)
    books.spend(october(3), 700, team="support", **other)
    books.lines = (line, other)
    for model in (ItemFate, ItemTeam, OutcomeCost):
        model.objects.all().delete()
    return books.settled()


def signed_in(role: str, books: Books | None = None, *teams: str) -> Client:
    user = User.objects.create_user(f"{role}-{'-'.join(teams)}", role=role)
    user.teams.set([books.team(slug) for slug in teams] if books else [])
    client = Client(raise_request_exception=False)
    client.force_login(user)
    return client


@pytest.fixture
def cfo(books) -> Client:
    return signed_in("cfo")


@pytest.fixture
def manager(books) -> Client:
    return signed_in("manager", books, "core")


def get(client: Client, address: str, status: int = 200) -> dict[str, Any]:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == status, answer.content
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer["Content-Type"] == kind
    assert answer["Cache-Control"] == "private, no-store"
    return json.loads(answer.content, parse_float=Decimal)


def addresses(books: Books) -> dict[str, str]:
    """Every endpoint, by the name of its route in the OpenAPI document."""
    line = books.lines[0]
    return {
        "unit-costs/": f"unit-costs/{OCTOBER}&by=team",
        "spend/": f"spend/{OCTOBER}",
        "trend/": f"trend/{OCTOBER}",
        "changes/": f"changes/{OCTOBER}",
        "teams/": "teams/",
        "outcomes/": f"outcomes/{OCTOBER}&limit=2",
        "outcomes/{item_id}/": f"outcomes/{books.items['PR-1'].pk}/",
        "cells/": f"cells/{OCTOBER}&limit=3",
        "charges/{day}/{charge_id}/": f"charges/{line['charged_on']}/{line['charge_id']}/",
        "sources/trust/": f"sources/trust/{OCTOBER}",
        "imports/": "imports/?limit=1",
        "organisation/": "organisation/",
        "reconcile/": f"reconcile/{OCTOBER}",
        "reconcile/{source}/{month}/": f"reconcile/{bill_of(line)}/2026-10/",
    }


def bill_of(line: dict[str, Any]) -> str:
    """Sum the line as settle does, for Reconcile to know the bill; the source's key."""
    imp = Charge.objects.get(id=line["charge_id"]).slice
    BillDay.objects.get_or_create(
        month=october(1), source_id=imp.source_id, issuer="Anthropic",
        defaults={
            "billing_account_id": "a", "invoice_id": "", "charge_category": "Usage", "currency": "USD",
            "day": line["charged_on"], "is_booked": True, "lines": 1, "billed_nanos": 500,
            "effective_nanos": 500, "repeats": 0, "repeated_nanos": 0,
        },
    )  # fmt: skip
    return imp.source.key


# --- the same figures ---------------------------------------------------------------------


@pytest.mark.parametrize("by", BY)
@pytest.mark.parametrize("cost", ["billed", "effective"])
def test_unit_costs_are_those_of_the_command(cfo, by, cost):
    out = StringIO()
    call_command(
        "unit_cost", "--start", "2026-10-01", "--end", "2026-11-01", "--by", by, "--cost", cost,
        "--json", stdout=out,
    )  # fmt: skip
    said = json.loads(out.getvalue(), parse_float=Decimal)
    answer = get(cfo, f"unit-costs/{OCTOBER}&by={by}&cost={cost}")
    assert {name: answer[name] for name in said} == said
    assert answer["period"] == {"start": "2026-10-01", "end": "2026-11-01"}


def test_flow_bands_and_cells_sum_to_the_spend_of_the_report(cfo):
    total = Decimal(get(cfo, f"unit-costs/{OCTOBER}")["total"]["billed"])
    spend = get(cfo, f"spend/{OCTOBER}")
    assert sum(Decimal(band["amount"]) for band in spend["bands"]) == total
    assert Decimal(spend["total"]) == total
    assert Decimal(get(cfo, f"cells/{OCTOBER}")["total"]) == total


def test_causes_sum_to_the_change(cfo):
    change = get(cfo, f"changes/{OCTOBER}")
    assert change["against"] == {"start": "2026-09-01", "end": "2026-10-01"}
    difference = Decimal(change["after"]) - Decimal(change["before"])
    assert sum(Decimal(cause["amount"]) for cause in change["causes"]) == difference


def test_a_receipt_adds_up_to_its_lines(cfo, books):
    receipt = get(cfo, f"outcomes/{books.items['PR-1'].pk}/")
    assert receipt["direct"] == "128.45"
    assert sum(Decimal(line["amount"]) for line in receipt["lines"]) == Decimal("128.45")


def test_exact_amounts_keep_every_digit_and_two_at_least():
    assert exact(0) == "0.00"
    assert exact(12_300_000_000) == "12.30"
    assert exact(-1) == "-0.000000001"


# --- who sees what ------------------------------------------------------------------------


def test_nobody_signed_in_gets_401_everywhere(books):
    client = Client()
    for address in addresses(books).values():
        problem = get(client, address, 401)
        assert problem["status"] == 401


@pytest.mark.parametrize("role", ["cfo", "admin"])
def test_finance_and_administrators_read_everything(books, role):
    client = signed_in(role)
    for address in addresses(books).values():
        get(client, address)


def test_a_manager_reads_all_but_the_imports_and_the_invoices(books, manager):
    for route, address in addresses(books).items():
        get(manager, address, 403 if route.startswith(("imports", "reconcile")) else 200)


def test_a_manager_sees_the_own_teams_and_the_totals_of_everybody(books, cfo, manager):
    whole = f"unit-costs/{OCTOBER}"
    assert get(manager, whole) == get(cfo, whole)
    rows = get(manager, f"{whole}&by=team")["rows"]
    assert [row["key"] for row in rows] == ["core"]
    mine = [row for row in get(cfo, f"{whole}&by=team")["rows"] if row["key"] == "core"]
    assert rows[0]["billed"] == mine[0]["billed"]
    assert get(manager, "teams/")["teams"] == [{"slug": "core", "name": "Core"}]
    bands = get(manager, f"spend/{OCTOBER}")
    assert {band["team"]["slug"] for band in bands["bands"]} == {"core", "others"}
    assert bands["total"] == get(cfo, f"spend/{OCTOBER}")["total"]
    cells = get(manager, f"cells/{OCTOBER}")["cells"]
    assert {cell["team"]["slug"] for cell in cells if cell["tier"] != "D"} == {"core"}
    keys = {item["external_id"] for item in get(manager, f"outcomes/{OCTOBER}")["outcomes"]}
    assert keys == {"PR-1", "PR-2", "PR-3", "PR-4", "PR-5"}


def test_what_is_another_teams_looks_like_what_is_not_there(books, manager):
    other = books.lines[1]
    pairs = [
        (f"outcomes/{books.items['TCK-9'].pk}/", "outcomes/999999999/"),
        (f"charges/{other['charged_on']}/{other['charge_id']}/", "charges/2026-10-03/99999999/"),
        (f"unit-costs/{OCTOBER}&team=support", f"unit-costs/{OCTOBER}&team=nobody"),
        (f"cells/{OCTOBER}&team=support", f"cells/{OCTOBER}&team=nobody"),
    ]
    for theirs, nowhere in pairs:
        assert get(manager, theirs, 404) == get(manager, nowhere, 404)


def test_money_without_a_team_is_not_for_managers(cfo, manager):
    assert get(cfo, f"cells/{OCTOBER}&team=none")["count"] > 0
    assert get(manager, f"cells/{OCTOBER}&team=none")["count"] == 0


def test_a_charge_shows_a_manager_no_person_and_no_raw_line(books, cfo, manager):
    address = addresses(books)["charges/{day}/{charge_id}/"]
    assert get(cfo, address)["charge"]["billed_cost"].startswith("5.00")
    hidden = get(manager, address)
    assert hidden["raw_line"] is None
    assert "mia@acme.example" not in json.dumps(hidden, default=str)


def test_reports_by_person_need_the_organisations_yes(cfo):
    get(cfo, f"unit-costs/{OCTOBER}&by=person", 403)
    Organisation.objects.update(person_level=True)
    get(cfo, f"unit-costs/{OCTOBER}&by=person")


def test_somebody_whose_account_is_closed_is_out_at_once(cfo):
    User.objects.update(is_active=False)
    get(cfo, "organisation/", 401)


# --- pages, errors, description -----------------------------------------------------------


def walk(client: Client, address: str, name: str) -> list[Any]:
    found, cursor = [], ""
    for _ in range(50):
        page = get(client, f"{address}&cursor={cursor}")
        found += page[name]
        cursor = page["cursor"]
        if cursor is None:
            assert page["next"] is None
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    ("address", "name"),
    [(f"cells/{OCTOBER}&limit=3", "cells"), (f"outcomes/{OCTOBER}&limit=4", "outcomes"),
     ("imports/?limit=1", "imports")],
)  # fmt: skip
def test_following_the_cursor_gives_every_row_once(cfo, address, name):
    ids = [row["id"] for row in walk(cfo, address, name)]
    whole = [row["id"] for row in get(cfo, address.partition("limit")[0] + "limit=200")[name]]
    assert ids == whole
    assert len(set(ids)) == len(ids)


ODD = [
    "unit-costs/?period=2026-13", "unit-costs/?period=%00", "unit-costs/?from=2026-10-01",
    "unit-costs/?from=2026-10-09&to=2026-10-01", "unit-costs/?from=1900-01-01&to=2026-10-01",
    "unit-costs/?period=0001-01-01..9998-12-31", "unit-costs/?period=0001-01-01..0001-01-31",
    "unit-costs/?by=everything", "unit-costs/?cost=free", "unit-costs/?ordering=owner__password",
    "unit-costs/?fields=*", "spend/?team=none", "trend/?weeks=0", "trend/?weeks=10000000000",
    "trend/?weeks=-1", "trend/?kind=x", "changes/?against=yesterday", "outcomes/?limit=1000000000",
    "outcomes/?limit=abc", "outcomes/?limit=%D9%A3", "outcomes/?cursor=%FF", "outcomes/?cursor=LTE=",
    "outcomes/?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5", "outcomes/?fate=lost", "outcomes/?search=%00",
    f"outcomes/?search={'x' * 300}", "cells/?cursor=bm9uc2Vuc2U=", "cells/?tier=Z",
    "cells/?cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTktMQ==", "cells/?outcome=0",
    "cells/?outcome=99999999999999999999", "cells/?provisional=perhaps", "imports/?cursor=eHg=",
    "imports/?state=loaded", "organisation/?id=2",
]  # fmt: skip


@pytest.mark.parametrize("address", ODD)
def test_a_parameter_that_makes_no_sense_is_refused_and_named(cfo, address):
    problem = get(cfo, address, 400)
    named = {parameter["name"] for parameter in problem["parameters"]}
    assert any(f"{name}=" in address for name in named)


@pytest.mark.parametrize(
    "address",
    ["nothing/", "", "charges/2026-02-30/1/", "charges/yesterday/1/", "outcomes/x/",
     f"outcomes/{10**30}/", f"charges/2026-10-02/{10**30}/", "schema/x/"],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_too(cfo, address):
    assert get(cfo, address, 404)["title"] == "Not Found"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_can_be_written(cfo, books, method):
    for address in addresses(books).values():
        answer = getattr(cfo, method)(f"/api/v1/{address}")
        assert answer.status_code in (403, 405)
        assert answer["Content-Type"] == "application/problem+json"


def test_a_fault_of_ours_is_a_problem_with_a_reference(cfo, monkeypatch):
    monkeypatch.setattr("dashboards.api.figures.money_flow", lambda _: 1 / 0)
    answer = cfo.get("/api/v1/spend/")
    assert answer.status_code == 500
    assert set(answer.json()) == {"type", "title", "status", "detail", "reference"}
    assert b"ZeroDivision" not in answer.content


@pytest.fixture
def document(cfo) -> dict[str, Any]:
    answer = cfo.get("/api/v1/schema/?format=json")
    assert answer.status_code == 200
    return json.loads(answer.content)


def test_the_description_is_valid_openapi_3_1_and_knows_every_endpoint(document, books):
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()
    assert set(document["paths"]) == {f"/api/v1/{route}" for route in addresses(books)}


def test_every_answer_is_as_described(document, cfo, books):
    for route, address in addresses(books).items():
        operation = document["paths"][f"/api/v1/{route}"]["get"]
        shape = operation["responses"]["200"]["content"]["application/json"]["schema"]
        answer = cfo.get(f"/api/v1/{address}").json()
        Draft202012Validator({**shape, "components": document["components"]}).validate(answer)


def test_the_description_is_a_page_for_people_too(cfo, books):
    page = cfo.get("/api/v1/docs/")
    assert page.status_code == 200
    for route in addresses(books):
        assert f"/api/v1/{route}" in page.content.decode()


def test_an_answer_takes_few_queries(cfo, books, django_assert_max_num_queries):
    for route, address in addresses(books).items():
        most = 18 if route in ("changes/", "outcomes/{item_id}/") else 12
        with django_assert_max_num_queries(most, info=address):
            get(cfo, address)
