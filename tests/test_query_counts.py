"""No page, panel or answer of the API needs more than twelve statements, however much there is."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards.pages import PAGES
from finops.people.models import TeamPlacement, User
from tests.books import Books, october, worked_month
from tests.ruled import rule, to, when

pytestmark = pytest.mark.django_db
MOST = 12
STATE = "period=2026-10"
API = ("unit-costs/", "unit-costs/?by=team", "unit-costs/?by=outcome", "spend/", "trend/", "changes/",
       "teams/", "outcomes/", "outcomes/ITEM/", "cells/", "sources/trust/", "imports/",
       "organisation/", "reconcile/")  # fmt: skip

SETUP = (
    "/setup/rules/",
    "/setup/rules/new/",
    "/setup/rules/1/",
    "/setup/teams/",
    "/setup/teams/core/",
)


def addresses(item: int, line: str, *, is_admin: bool) -> list[str]:
    """Every page, every panel as a fragment, every endpoint."""
    pages = [
        "/",
        "/teams/",
        "/teams/core/",
        "/outcomes/ITEM/",
        "/reconcile/",
        "/spend/lines/",
        f"/spend/lines/{line}/",
        "/reconcile/close/",
        "/reconcile/close/2026-10/",
        "/disputes/",
        "/teams/group/?tree=then",
        *(SETUP if is_admin else ()),
    ]
    of = {"team": "of=core&", "receipt": "of=ITEM&"}
    panels = [
        f"/panels/{page.slug}/{panel.slug}/?{of.get(page.slug, '')}"
        for page in PAGES.values()
        for panel in page.panels
    ]
    every = [*pages, *panels, *(f"/api/v1/{name}" for name in API)]
    return [with_state(address.replace("ITEM", str(item))) for address in every]


def with_state(address: str) -> str:
    takes_none = ("/outcomes/", "/api/v1/teams/", "/api/v1/imports/", "/api/v1/organisation/")
    if address.startswith(takes_none) or "/api/v1/outcomes/" in address:
        return address
    return (
        f"{address}{'' if address.endswith(('?', '&')) else '&' if '?' in address else '?'}{STATE}"
    )


def counts(client: Client, every: list[str]) -> dict[str, int]:
    """Statements of each address when nothing is kept."""
    found = {}
    for address in every:
        cache.clear()
        headers = {"HX-Request": "true"} if address.startswith("/panels/") else {}
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address, headers=headers)
        assert response.status_code in (200, 403), address  # imports are not for managers
        found[address] = len(queries)
    return found


def grown(books: Books, times: int) -> Books:
    """More of everything: teams, items, bill lines, days."""
    for number in range(times):
        team = f"team-{number}"
        item = f"MORE-{number}"
        books.item(item, team=team, done=october(1 + number % 28))
        line = books.bill_line(october(1 + number % 28), 100 + number, line=10 + number)
        books.spend(october(1 + number % 28), 100 + number, team=team, item=item, **line)
        books.spend(october(2) - timedelta(days=number), 50, team=team, vendor=f"Vendor {number}")
        books.spend(october(3), 10, team=team, reason="no_identity")
    return books


@pytest.mark.parametrize("role", ["admin", "manager"])
def test_few_statements_and_no_more_of_them_with_ten_times_the_rows(
    client: Client, role: str
) -> None:
    books = worked_month()
    group = books.team("group")
    for member, starts in (("core", None), ("support", date(2026, 10, 11))):
        TeamPlacement.objects.create(team=books.team(member), parent=group, valid_from=starts)
    rule("even", when("vendor", "Anthropic"), shares=to("core", "support"))
    user = User.objects.create_user("somebody", role=role)
    user.teams.set([books.team("core"), books.team("support"), group])
    client.force_login(user)
    line = books.bill_line(october(4), 12345)
    books.spend(october(4), 1, team="core", item="PR-1", **line)
    name = f"{line['charged_on']}-{line['charge_id']}"
    every = addresses(books.items["PR-1"].pk, name, is_admin=role == "admin")
    small = counts(client, every)
    books.items.clear()
    grown(books, 60).settled()
    assert counts(client, every) == small
    assert {address: number for address, number in small.items() if number > MOST} == {}
