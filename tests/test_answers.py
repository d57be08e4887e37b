"""Answers are kept from one request to the next: never of old books, never for another sight."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import permutations

import pytest
from django.apps import apps
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dashboards import known
from finops.attribution.models import SettleRun
from finops.attribution.queries.organisation import standing
from finops.attribution.settle import settle
from finops.ledger.models import Import, Price
from finops.people.models import Organisation, Team, User
from tests.books import Books, october, worked_month

pytestmark = pytest.mark.django_db
FLOW = "/panels/overview/flow/?period=2026-10"
HX = {"HX-Request": "true"}
# Tables of the books whose changes reach answers only through others, or that no answer reads.
NOT_NOTED = {
    "people_user",  # who sees what is looked up at every request
    "ledger_charge", "ledger_usage",  # come and go with their slices
    "ledger_aiscoperule",  # says what a load makes of a line
    "ledger_price", "ledger_fxrate", "attribution_dirty", "attribution_billseen",  # read by settle
    "attribution_bookschange",
    # Read by loads and by setup pages, never by an answer.
    "ledger_unit", "ledger_savedmapping", "ledger_ingesttoken", "ledger_runningtotal",
    "ledger_feedswitch", "ledger_seat", "ledger_vendorname",
}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def books() -> Books:
    return worked_month()


def signed_in(role: str, *teams: Team) -> Client:
    user = User.objects.create_user(f"{role}-{'-'.join(t.slug for t in teams)}", role=role)
    user.teams.set(teams)
    client = Client()
    client.force_login(user)
    return client


def text(client: Client, address: str) -> str:
    """The answer without the token of forms, which is another at every request."""
    response = client.get(address, headers=HX)
    assert response.status_code == 200, address
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", response.content.decode())


def statements(client: Client, address: str) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        text(client, address)
    return [query["sql"] for query in queries.captured_queries]


def test_a_second_look_reads_no_money(books: Books) -> None:
    client = signed_in("cfo")
    for address in (FLOW, "/?period=2026-10", "/teams/core/?period=2026-10", "/api/v1/spend/"):
        first = text(client, address)
        again = statements(client, address)
        assert len(again) == 3, again  # session, user, how the books stand
        assert text(client, address) == first


@pytest.mark.parametrize("address", [FLOW, "/?period=2026-10", "/api/v1/spend/?period=2026-10"])
def test_more_money_shows_at_once(books: Books, address: str) -> None:
    client = signed_in("cfo")
    before = text(client, address)
    books.spend(october(20), 777777, team="core")
    assert text(client, address) != before


def test_a_settle_begins_another_generation(books: Books) -> None:
    before = standing().generation
    settle(full=True, now=datetime(2026, 12, 1, tzinfo=UTC))
    assert standing().generation != before
    assert SettleRun.objects.count() == 1


def test_an_import_begins_another_generation(books: Books) -> None:
    client = signed_in("cfo")
    before = text(client, "/api/v1/imports/")
    Import.objects.create(
        source=books.source("anthropic"), state="loaded", filename="new.csv", sha256="1" * 64,
        size_bytes=1,
    )  # fmt: skip
    after = text(client, "/api/v1/imports/")
    assert "new.csv" in after
    assert "new.csv" not in before


def test_settings_of_the_organisation_and_names_of_teams_show_at_once(books: Books) -> None:
    client = signed_in("cfo")
    text(client, "/teams/?period=2026-10")
    Team.objects.filter(slug="core").update(name="Kernel")
    assert "Kernel" in text(client, "/teams/?period=2026-10")
    assert "Kernel" in text(client, FLOW)
    Organisation.objects.update(name="Initech")
    assert "Initech" in text(client, "/teams/?period=2026-10")


def test_what_no_answer_reads_begins_no_generation(books: Books) -> None:
    before = standing().generation
    Price.objects.all().delete()
    User.objects.create_user("somebody", role="cfo")
    assert standing().generation == before


def test_another_hour_is_another_answer(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in("cfo")
    text(client, FLOW)
    later = datetime(2030, 1, 1, 5, 59, tzinfo=UTC)
    monkeypatch.setattr(known.timezone, "now", lambda: later)
    client.force_login(User.objects.get(username="cfo-"))
    assert len(statements(client, FLOW)) > 3


ADDRESSES = (
    "/?period=2026-10", FLOW, "/teams/?period=2026-10", "/spend/lines/?period=2026-10",
    "/panels/overview/by-team/?period=2026-10", "/api/v1/unit-costs/?by=team&period=2026-10",
    "/api/v1/cells/?period=2026-10", "/panels/overview/trust/?period=2026-10",
)  # fmt: skip


def test_one_address_says_to_each_what_that_one_may_see(books: Books) -> None:
    """Whoever comes first, everybody gets what they get when nobody came before."""
    core, support, sales = (books.team(slug) for slug in ("core", "support", "sales"))
    clients = {
        "admin": signed_in("admin"), "cfo": signed_in("cfo"),
        "one": signed_in("manager", core, support), "other": signed_in("manager", support, sales),
    }  # fmt: skip
    alone: dict[tuple[str, str], str] = {}
    for name, client in clients.items():
        for address in ADDRESSES:
            cache.clear()
            alone[name, address] = text(client, address)
    assert alone["one", ADDRESSES[2]] != alone["other", ADDRESSES[2]] != alone["cfo", ADDRESSES[2]]
    for order in permutations(clients):
        cache.clear()
        for name in order:
            for address in ADDRESSES:
                assert text(clients[name], address) == alone[name, address], (order, address)


def test_a_manager_who_loses_a_team_loses_its_answers(books: Books) -> None:
    client = signed_in("manager", books.team("core"))
    assert client.get("/teams/core/?period=2026-10").status_code == 200
    User.objects.get(role="manager").teams.clear()
    assert client.get("/teams/core/?period=2026-10").status_code == 404
    assert client.get("/panels/team/work/?of=core&period=2026-10").status_code == 404


def test_no_cache_outside_may_keep_a_page(books: Books) -> None:
    client = signed_in("cfo")
    for address in (*ADDRESSES, *ADDRESSES):
        assert set(client.get(address)["Cache-Control"].split(", ")) == {"private", "no-store"}


def test_a_failure_is_not_kept(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    client = signed_in("cfo")
    with monkeypatch.context() as broken:
        broken.setattr("finops.attribution.queries.flow.rows_of", lambda *_, **__: 1 / 0)
        assert client.get(FLOW).status_code == 500
    assert client.get(FLOW).status_code == 200


def test_every_table_that_answers_read_notes_its_changes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname LIKE '%\\_noted'"
        )
        noted = {name for (name,) in cursor.fetchall()}
    tables = {
        model._meta.db_table
        for app in ("people", "ledger", "outcomes", "attribution")
        for model in apps.get_app_config(app).get_models()
    }
    assert tables - noted == NOT_NOTED
