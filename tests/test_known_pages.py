"""Pages, files and the API of the past: the same bytes for ever, and plain words where none is kept."""

from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.test import Client

from finops.attribution.settle import settle
from finops.people.models import User
from tests.test_known_on import LATER, books, rename, restate  # noqa: F401 - books is a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books")]
PAST = "period=2026-10&known_on=2026-11-05"


@pytest.fixture
def client() -> Client:
    cache.clear()
    client = Client()
    client.force_login(User.objects.create_user("cfo", role="cfo"))
    return client


def body(client: Client, address: str) -> bytes:
    response = client.get(address)
    assert response.status_code == 200, (address, response.content[:300])
    return response.content


@pytest.mark.parametrize(
    "address",
    [
        f"/api/v1/unit-costs/?by=team&{PAST}",
        f"/api/v1/unit-costs/?by=outcome&cost=effective&{PAST}",
        f"/api/v1/spend/?{PAST}",
        f"/api/v1/trend/?{PAST}",
        f"/panels/overview/by-team.csv?{PAST}",
        f"/panels/overview/flow.csv?{PAST}",
        f"/panels/overview/trend.csv?{PAST}",
    ],
)
def test_answers_and_files_of_the_past_never_change(client: Client, address: str) -> None:
    before = body(client, address)
    now = body(client, address.replace("&known_on=2026-11-05", ""))
    restate()
    rename()
    settle(now=LATER)
    settle(full=True, now=LATER)
    cache.clear()
    assert body(client, address) == before
    assert body(client, address.replace("&known_on=2026-11-05", "")) != now


def test_a_page_of_the_past_says_so_and_leads_back(client: Client) -> None:
    text = body(client, f"/?{PAST}").decode()
    assert "As known on 5 Nov 2026, 23:59 UTC." in text
    assert 'href="/?period=2026-10"' in text
    assert "known_on=2026-11-05" in body(client, f"/teams/?{PAST}").decode()
    assert "As known on" not in body(client, "/?period=2026-10").decode()


def test_a_panel_without_history_says_so(client: Client) -> None:
    text = body(client, f"/panels/overview/trust/?{PAST}").decode()
    assert "No history is kept of this" in text
    assert client.get(f"/panels/overview/trust.csv?{PAST}").status_code == 404


def test_lines_are_shown_as_known_now_and_say_so(client: Client) -> None:
    text = body(client, f"/spend/lines/?{PAST}").decode()
    assert "No history is kept of single lines" in text


@pytest.mark.parametrize(
    ("moment", "words"), [("2030-01-01", "not over yet"), ("soon", "not a day"), ("2026-01-01", "begins on")]
)  # fmt: skip
def test_a_moment_without_an_answer_is_refused_in_words(
    client: Client, moment: str, words: str
) -> None:
    response = client.get(f"/api/v1/unit-costs/?period=2026-10&known_on={moment}")
    assert response.status_code == 400
    (reason,) = response.json()["parameters"]
    assert reason["name"] == "known_on"
    assert words in reason["reason"]
    assert words in body(client, f"/?period=2026-10&known_on={moment}").decode()


def test_the_api_refuses_what_has_no_history(client: Client) -> None:
    response = client.get(f"/api/v1/cells/?{PAST}")
    assert response.status_code == 400
    assert "No history" in response.json()["detail"]


def test_the_currency_is_the_one_of_the_time(client: Client) -> None:
    assert '"currency":"USD"' in body(client, f"/api/v1/spend/?{PAST}").decode()
    assert datetime.now(UTC) > LATER
