"""The pages over real books: what they say, what opens from them, who sees what."""

import csv
import io
import re
from datetime import date
from decimal import Decimal

import pytest
from django.template.loader import render_to_string
from django.test import Client

from dashboards.panels import trust
from finops.attribution.queries import trust as trust_queries
from finops.attribution.queries.comparison import compared
from finops.attribution.queries.organisation import organisation
from finops.attribution.queries.shapes import Scope
from finops.attribution.queries.unit_costs import unit_cost
from finops.people.models import User
from finops.periods import month_of
from tests.books import NOW, Books, october, worked_month

pytestmark = pytest.mark.django_db
PERIOD = "period=2026-10"


@pytest.fixture
def books() -> Books:
    return worked_month()


@pytest.fixture
def cfo(client: Client) -> Client:
    client.force_login(User.objects.create_user("cfo", role="cfo"))
    return client


@pytest.fixture
def manager(client: Client, books: Books) -> Client:
    user = User.objects.create_user("manager", role="manager")
    user.teams.set([books.teams["support"]])
    client.force_login(user)
    return client


def page(client: Client, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    return response.content.decode()


def plain(html: str) -> str:
    """The text without tags, with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", html).replace("\u00a0", " ").split())


def rows(client: Client, address: str) -> list[dict[str, str]]:
    response = client.get(address)
    assert response.status_code == 200, address
    content = b"".join(response) if response.streaming else response.content
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))


def panels_of(html: str) -> list[str]:
    return re.findall(r'hx-get="([^"]+)" hx-trigger="load"', html.replace("&amp;", "&"))


def test_nobody_sees_anything_without_signing_in(client: Client, books: Books) -> None:
    for address in ("/", "/teams/", "/teams/core/", "/spend/lines/", "/panels/overview/flow/"):
        response = client.get(address)
        assert response.status_code == 302
        assert response["Location"].startswith("/sign-in/")


def test_the_overview_answers_in_one_sentence(cfo: Client, books: Books) -> None:
    text = plain(page(cfo, f"/?{PERIOD}"))
    assert "What did AI cost us in October 2026, and what did it get us?" in text
    assert "$315.00" in text
    assert "3 merged pull requests at $60.41" in text
    assert "1 resolved ticket at $0.60" in text


def test_money_without_a_rate_is_named_and_not_added(cfo: Client, books: Books) -> None:
    books.spend(october(3), 5000, team="core", currency="NOK")
    text = plain(page(cfo, f"/?{PERIOD}"))
    assert "NOK 50.00 could not be converted" in text
    assert "$315.00" in text


def test_every_panel_of_every_page_arrives(cfo: Client, books: Books) -> None:
    for address in (f"/?{PERIOD}", f"/teams/?{PERIOD}", f"/teams/core/?{PERIOD}"):
        html = page(cfo, address)
        assert "could not be computed" not in html
        waiting = panels_of(html)
        assert waiting
        for panel in waiting:
            fragment = cfo.get(panel, headers={"HX-Request": "true"})
            assert fragment.status_code == 200, panel
            assert "could not be computed" not in fragment.content.decode()
            assert "<html" not in fragment.content.decode()


def test_a_panel_that_fails_says_so_in_its_own_box(
    cfo: Client, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **more: object) -> None:
        raise RuntimeError("the disk is on fire")

    monkeypatch.setattr(trust_queries, "sources", broken)
    response = cfo.get("/panels/overview/trust/", headers={"HX-Request": "true"})
    html = response.content.decode()
    assert response.status_code == 500
    assert trust.PANEL.question in html
    assert "could not be computed" in html
    assert "on fire" not in html
    assert cfo.get("/").status_code == 200


def test_the_file_of_a_panel_adds_up_to_the_spend(cfo: Client, books: Books) -> None:
    flow = rows(cfo, f"/panels/overview/flow.csv?{PERIOD}")
    assert sum(Decimal(row["amount_usd"]) for row in flow) == Decimal("315.00")
    teams = rows(cfo, f"/panels/overview/by-team.csv?{PERIOD}")
    spend = {row["team"]: Decimal(row["spend_usd"]) for row in teams}
    assert sum(spend.values()) == Decimal("315.00")


def test_a_figure_opens_to_lines_that_add_up_to_it(cfo: Client, books: Books) -> None:
    html = page(cfo, f"/spend/lines/?{PERIOD}&fate=value")
    exported = rows(cfo, f"/spend/lines/export/?{PERIOD}&fate=value")
    total = sum(Decimal(row["amount"]) for row in exported)
    flow = rows(cfo, f"/panels/overview/flow.csv?{PERIOD}")
    shown = sum(Decimal(row["amount_usd"]) for row in flow if row["fate"] == "value")
    assert round(total, 2) == shown
    assert f"${total:,.2f}" in plain(html)


def test_a_receipt_shows_what_an_item_cost_and_why(cfo: Client, books: Books) -> None:
    item = books.items["PR-2"]
    text = plain(page(cfo, f"/outcomes/{item.pk}/"))
    assert "Title of PR-2 cost $29.67" in text
    assert "Which lines add up to it?" in text
    lines = rows(cfo, f"/panels/receipt/lines.csv?of={item.pk}")
    assert sum(Decimal(line["cost_usd"]) for line in lines) == Decimal("29.67")


def test_a_bill_line_opens_with_its_columns(cfo: Client) -> None:
    books = Books()
    on_bill = books.bill_line(october(6), 1234, line=7)
    books.item("PR-9", done=october(9))
    books.spend(october(6), 1234, team="core", item="PR-9", **on_bill)
    books.settled()
    html = page(cfo, f"/spend/lines/?{PERIOD}")
    address = f"/spend/lines/{on_bill['charged_on']}-{on_bill['charge_id']}/"
    assert address in html
    text = plain(page(cfo, address))
    assert "billed_cost 12.34" in text
    assert "PR-9" in text


def test_a_manager_sees_the_own_team_and_the_totals(manager: Client, books: Books) -> None:
    text = plain(page(manager, f"/?{PERIOD}"))
    assert "$315.00" in text
    assert "Other teams" in page(manager, f"/?{PERIOD}")
    assert "Core" not in text
    teams = rows(manager, f"/panels/overview/by-team.csv?{PERIOD}")
    assert {row["team"] for row in teams} == {"Support"}
    assert page(manager, f"/teams/support/?{PERIOD}")


def test_what_a_manager_may_not_see_does_not_exist(manager: Client, books: Books) -> None:
    other = books.items["PR-1"]
    for address in (
        "/teams/core/",
        f"/outcomes/{other.pk}/",
        f"/panels/team/work/?of=core&{PERIOD}",
        f"/panels/team/work.csv?of=core&{PERIOD}",
        f"/panels/receipt/lines.csv?of={other.pk}",
    ):
        page(manager, address, 404)
    lines = rows(manager, f"/spend/lines/export/?{PERIOD}")
    assert {line["team"] for line in lines} == {"Support", "Shared"}
    for trick in ("team=core", "team=none", f"item={other.pk}"):
        leaked = rows(manager, f"/spend/lines/export/?{PERIOD}&{trick}")
        assert {line["team"] for line in leaked} <= {"Support", "Shared"}


def test_a_manager_without_a_team_sees_no_team(client: Client, books: Books) -> None:
    client.force_login(User.objects.create_user("new", role="manager"))
    assert rows(client, f"/panels/overview/by-team.csv?{PERIOD}") == []
    assert rows(client, f"/spend/lines/export/?{PERIOD}") == []


def test_an_address_that_makes_no_sense_says_what_is_wrong(cfo: Client, books: Books) -> None:
    text = plain(page(cfo, "/?period=soon&team=nobody"))
    assert "is not a period" in text
    assert "There is no team" in text


@pytest.mark.parametrize(
    "address",
    [
        "/teams/nowhere/",
        "/outcomes/999999/",
        "/outcomes/99999999999999999999999999/",
        "/spend/lines/nonsense/",
        "/spend/lines/2026-10-05-99999999999999999999999999/",
        "/spend/lines/?after=nonsense",
        "/panels/overview/nothing/",
        "/panels/nowhere/flow/",
        "/panels/receipt/lines.csv?of=x",
    ],
)
def test_what_does_not_exist_is_not_found(cfo: Client, books: Books, address: str) -> None:
    page(cfo, address, 404)


def test_empty_books_teach_what_to_bring(cfo: Client) -> None:
    assert "The bill." in plain(page(cfo, "/"))
    assert page(cfo, "/teams/")
    assert page(cfo, "/spend/lines/")


def test_pages_hold_no_inline_style_or_script(cfo: Client, books: Books) -> None:
    item = books.items["PR-1"]
    addresses = [f"/?{PERIOD}", f"/teams/core/?{PERIOD}", f"/outcomes/{item.pk}/", "/spend/lines/"]
    addresses += panels_of(page(cfo, f"/?{PERIOD}"))
    for address in addresses:
        html = page(cfo, address)
        assert " style=" not in html, address
        assert not re.search(r"<script(?![^>]*(src=|application/json))", html), address
        assert not re.search(r"\son\w+=", re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL))


def test_answers_depend_on_the_reader_so_no_cache_may_keep_them(cfo: Client, books: Books) -> None:
    for address in ("/", "/panels/overview/flow/", "/panels/overview/flow.csv", "/spend/lines/"):
        assert "no-store" in cfo.get(address)["Cache-Control"]


def test_text_that_looks_like_a_formula_is_no_formula(cfo: Client) -> None:
    books = Books()
    books.item("PR-1", done=october(5), title='=HYPERLINK("x")')
    books.spend(october(4), 100, team="core", item="PR-1")
    books.settled()
    work = rows(cfo, f"/panels/team/work.csv?of=core&{PERIOD}")
    assert work[0]["title"].startswith("'=")


@pytest.mark.parametrize(
    ("address", "most"), [("/", 12), ("/teams/", 12), ("/teams/core/", 12), ("/spend/lines/", 10)]
)
def test_a_page_asks_few_questions(
    cfo: Client, books: Books, address: str, most: int, django_assert_max_num_queries: object
) -> None:
    assert callable(django_assert_max_num_queries)
    with django_assert_max_num_queries(most):
        page(cfo, f"{address}?{PERIOD}")


def test_two_periods_read_at_once_say_what_each_says_alone(books: Books) -> None:
    books.item("PR-0", done=date(2026, 9, 30))
    books.spend(date(2026, 9, 29), 777, team="core", item="PR-0")
    books.spend(date(2026, 9, 12), 5050)
    books.settled()
    company = organisation()
    scope = Scope(month_of(october(1)), None, "billed")
    before = Scope(month_of(date(2026, 9, 1)), None, "billed")
    found = compared(scope, before.period, by="team", now=NOW, company=company)
    assert found.now == unit_cost(scope, by="team", now=NOW)
    alone = unit_cost(before, by="team", now=NOW)
    assert (found.before, found.rows_before) == (alone.total, alone.rows)


@pytest.mark.parametrize(
    ("name", "words"), [("404", "nothing at this address"), ("500", "on our side")]
)
def test_errors_are_said_in_the_look_of_the_product(name: str, words: str) -> None:
    html = render_to_string(f"{name}.html")
    assert words in html
    assert "Go to the overview" in html


def test_an_unknown_address_and_the_icon_are_answered(cfo: Client) -> None:
    answer = cfo.get("/nowhere/")
    assert answer.status_code == 404
    assert "nothing at this address" in answer.content.decode()
    assert cfo.get("/favicon.ico")["Location"].endswith(".svg")
