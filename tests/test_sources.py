"""Setup > Sources: what is connected, how it is doing, and the banner about what went wrong."""

import html
import json
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone

from billing_ingest import jobs, load, sources
from billing_ingest.history import history
from billing_ingest.models import Job
from billing_ingest.registry import connector
from billing_ingest.work import window_of
from finops.ledger.models import Import, Slice, Source
from finops.ledger.secrets import secret_of
from finops.people.models import Organisation, User
from tests.bills import bill
from tests.vendor import Answer, vendor

pytestmark = pytest.mark.django_db
State = Import.State
NOW = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
KEY = "sk-ant-admin-canary-0123456789"


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda _name, **_: None)


@pytest.fixture
def admin(client) -> User:
    user = User.objects.create_user("ada", password="x", role=User.Role.ADMIN)
    client.force_login(user)
    return user


@pytest.fixture
def cfo(client) -> User:
    user = User.objects.create_user("chris", password="x", role=User.Role.CFO)
    client.force_login(user)
    return user


def a_source(key: str = "anthropic", **values) -> Source:
    named = {"name": key.title(), "connector": "anthropic", "is_scheduled": True}
    return Source.objects.create(key=key, **{**named, **values})


def an_import(source: Source, state: str, **values) -> Import:
    named = {"filename": "a.json", "sha256": "0" * 64, "size_bytes": 1, "document": "cost_report"}
    return Import.objects.create(source=source, state=state, **{**named, **values})


def text(response) -> str:
    page = re.sub("</?(b|a|span)( [^>]*)?>", "", response.content.decode())
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())


def row(source: Source, now: datetime = NOW) -> sources.SourceRow:
    return next(row for row in sources.source_rows(now) if row.source == source)


# --- the list ------------------------------------------------------------------------------


def test_a_fresh_source_says_that_nothing_came_yet():
    source = a_source(created_at=NOW)
    Source.objects.update(created_at=NOW)
    found = row(source)
    assert found.state["words"] == "Nothing yet"
    assert (found.complete_to, found.rows) == (None, 0)
    assert found.next_run == datetime(2026, 11, 3, 12, tzinfo=UTC)


def test_the_last_complete_day_is_never_today():
    source = a_source()
    imp = an_import(source, State.LOADED, finished_at=NOW)
    for day, rows in ((date(2026, 11, 2), 5), (date(2026, 11, 3), 2)):
        Slice.objects.create(
            source=source, imp=imp, table="charge", key=f"c:{day}", rows=rows,
            first_day=day, last_day=day,
        )  # fmt: skip
    found = row(source)
    assert found.complete_to == date(2026, 11, 2)
    assert found.rows == 7
    assert found.state == {"words": "Up to date", "kind": ""}


def test_a_scheduled_source_that_brings_nothing_new_says_since_when():
    source = a_source()
    an_import(source, State.LOADED, finished_at=NOW - timedelta(hours=14))
    found = row(source)
    assert found.state == {"words": "Nothing new", "kind": "late"}
    assert found.stale_since == NOW - timedelta(hours=14)
    an_import(source, State.DUPLICATE, finished_at=NOW - timedelta(hours=1))
    assert row(source).stale_since is None


def a_slice(source: Source, last_day: date) -> Slice:
    imp = an_import(source, State.LOADED, finished_at=timezone.now())
    return Slice.objects.create(
        source=source, imp=imp, table="usage", key=f"u:{last_day}", rows=1,
        first_day=last_day, last_day=last_day,
    )  # fmt: skip


def test_the_page_and_the_top_bar_say_the_same_about_late_sources(client, admin):
    today = timezone.now().date()
    a_slice(a_source("openai"), today - timedelta(days=9))
    a_slice(a_source("cursor"), today - timedelta(days=1))
    a_source("people", connector="people_csv", is_scheduled=False, name="People")
    said = text(client.get("/setup/"))
    assert "1 of 2 sources late" in said
    words = "1 of 2 sources is late: Openai; People without days of its own."
    assert words in said
    assert "9 days behind" in said
    assert "Nothing needs attention" not in said


def test_nothing_needs_attention_only_when_nothing_does(client, cfo):
    a_slice(a_source(), timezone.now().date() - timedelta(days=1))
    assert "1 source is up to date. Nothing needs attention." in text(client.get("/setup/"))
    now = timezone.now()
    Job.objects.create(kind="settle", state="failed", due_at=now, error={"message": "no"})
    said = text(client.get("/setup/"))
    assert "1 source is up to date. The settling of new facts failed." in said
    Job.objects.all().delete()
    an_import(Source.objects.get(), State.REFUSED, filename="pull.json", document="other")
    said = text(client.get("/setup/"))
    assert "1 source is up to date. Anthropic needs attention." in said
    assert "File refused" in said


def test_times_are_those_of_the_organisation(client, admin):
    Organisation.objects.update_or_create(pk=1, defaults={"time_zone": "Asia/Kolkata"})
    an_import(a_source(), State.LOADED, finished_at=datetime(2026, 11, 3, 20, 0, tzinfo=UTC))
    said = text(client.get("/setup/"))
    assert "4 Nov 2026, 01:30" in said
    assert "Times are those of Asia/Kolkata." in said


def test_a_pull_that_failed_is_shown_until_one_succeeds():
    source = a_source()
    error = {"code": "vendor_error", "message": "invalid x-api-key"}
    Job.objects.create(kind="fetch", source=source, state="failed", due_at=NOW, error=error)
    assert row(source).error == "invalid x-api-key"
    assert [alert.words for alert in sources.alerts()] == [
        "The pull of Anthropic failed: invalid x-api-key"
    ]
    Job.objects.create(kind="fetch", source=source, state="done", due_at=NOW)
    assert row(source).error == ""
    assert sources.alerts() == []


def test_a_settle_that_failed_is_an_alert_until_one_succeeds():
    Job.objects.create(kind="settle", state="failed", due_at=NOW, error={"message": "no"})
    assert [alert.words for alert in sources.alerts()] == ["The settling of new facts failed: no"]
    Job.objects.create(kind="settle", state="done", due_at=NOW)
    assert sources.alerts() == []


def test_a_held_import_and_an_unattended_refusal_are_alerts(admin):
    source = a_source()
    held = an_import(source, State.HELD, filename="cur.csv", by=admin)
    refused = an_import(source, State.REFUSED, filename="pull.json")
    an_import(source, State.REFUSED, filename="mine.csv", by=admin)
    assert {alert.imp_id for alert in sources.alerts()} == {held.pk, refused.pk}
    an_import(source, State.LOADED)
    assert {alert.imp_id for alert in sources.alerts()} == {held.pk}


def test_the_list_costs_the_same_however_many_sources_there_are(
    client, admin, django_assert_max_num_queries
):
    for number in range(15):
        source = a_source(f"s{number}")
        an_import(source, State.HELD)
    with django_assert_max_num_queries(12):
        page = client.get("/setup/")
    assert page.status_code == 200


def test_a_source_whose_connector_is_gone_is_still_listed(client, admin):
    a_source("old", connector="gone")
    assert "gone" in text(client.get("/setup/"))
    assert client.get("/setup/sources/old/").status_code == 200


# --- the banner ----------------------------------------------------------------------------


def test_the_banner_stands_on_every_page_for_administrators_only(client, admin):
    imp = an_import(a_source(), State.HELD, filename="cur.csv")
    words = "Anthropic: cur.csv is held"
    for address in ("/setup/", "/setup/upload/"):
        page = client.get(address)
        assert words in text(page)
        assert f"/setup/imports/{imp.pk}/" in page.content.decode()
    client.force_login(User.objects.create_user("chris", password="x", role=User.Role.CFO))
    assert words not in text(client.get("/setup/"))


# --- connecting ----------------------------------------------------------------------------


def connect(client, **values):
    form = {
        "name": "Anthropic",
        "secret": KEY,
        "is_scheduled": "on",
        "config_organization_id": "o1",
    }
    return client.post("/setup/connect/anthropic/", {**form, **values}, follow=True)


def test_a_vendor_is_connected_by_a_form_that_says_what_the_key_needs(client, admin):
    assert "An Admin API key" in text(client.get("/setup/connect/anthropic/"))
    page = connect(client, discount="8")
    source = Source.objects.get()
    assert (source.key, source.connector, source.is_scheduled) == ("anthropic", "anthropic", True)
    assert source.config["organization_id"] == "o1"
    assert str(source.contract_discount) == "0.08000"
    assert secret_of(source) == KEY
    assert KEY not in page.content.decode()


def test_a_second_account_gets_a_key_of_its_own(client, admin):
    connect(client)
    connect(client)
    assert sorted(Source.objects.values_list("key", flat=True)) == ["anthropic", "anthropic-2"]


def test_a_schedule_without_a_key_is_refused_in_words(client, admin):
    page = connect(client, secret="")
    assert "Without a key nothing can be pulled." in text(page)
    assert not Source.objects.exists()


def test_a_saved_key_is_never_shown_and_stays_when_left_empty(client, admin):
    connect(client)
    page = client.get("/setup/sources/anthropic/")
    assert KEY not in page.content.decode()
    assert "leave this empty to keep it" in text(page)
    client.post("/setup/sources/anthropic/", {"name": "Anthropic EU", "secret": ""})
    source = Source.objects.get()
    assert (source.name, source.is_scheduled) == ("Anthropic EU", False)
    assert secret_of(source) == KEY


def test_repositories_are_read_from_lines_and_commas(client, admin):
    client.post(
        "/setup/connect/github/",
        {"name": "GitHub", "secret": "t", "config_repos": "acme/web, acme/api acme/ops"},
    )
    assert Source.objects.get().config["repos"] == ["acme/web", "acme/api", "acme/ops"]
    assert "acme/web, acme/api, acme/ops" in client.get("/setup/sources/github/").content.decode()


def test_a_source_with_webhooks_says_which_address_to_enter(client, admin):
    a_source("gh", connector="github")
    assert "http://testserver/webhooks/gh/" in text(client.get("/setup/sources/gh/"))


def test_a_vendor_that_cannot_be_connected_is_not_found(client, admin):
    assert client.get("/setup/connect/focus/").status_code == 404
    assert client.get("/setup/connect/nobody/").status_code == 404


# --- test and pull -------------------------------------------------------------------------


def test_the_test_button_gives_the_vendors_own_words(client, admin, settings):
    said = json.dumps({"error": {"message": "invalid x-api-key"}}).encode()
    with vendor(lambda _asked: Answer(said, status=401)) as server:
        settings.OUTLAY_PRIVATE_HOSTS = [server.host]
        connect(client)
        source = Source.objects.get()
        source.config["api_url"] = server.url
        source.save()
        page = client.post("/setup/sources/anthropic/test/", follow=True)
    assert "invalid x-api-key" in text(page)
    assert KEY not in page.content.decode()


def test_the_test_button_says_when_the_key_works(client, admin, settings):
    said = json.dumps({"data": [], "has_more": False}).encode()
    with vendor(lambda _asked: Answer(said)) as server:
        settings.OUTLAY_PRIVATE_HOSTS = [server.host]
        connect(client)
        source = Source.objects.get()
        source.config["api_url"] = server.url
        source.save()
        page = client.post("/setup/sources/anthropic/test/", follow=True)
    assert "The key works." in text(page)
    assert not Import.objects.exists()


def test_a_pull_by_hand_covers_the_days_asked_for_up_to_today(client, admin):
    a_source()
    page = client.post("/setup/sources/anthropic/pull/", {"first_day": "2026-10-01"}, follow=True)
    assert "Anthropic is being pulled." in text(page)
    window = window_of(Job.objects.get(kind="fetch"))
    assert (window.start, window.last_day) == (date(2026, 10, 1), timezone.now().date())


def test_a_pull_that_is_under_way_is_not_started_twice(client, admin):
    a_source()
    for _ in range(2):
        page = client.post(
            "/setup/sources/anthropic/pull/", {"first_day": "2026-10-01"}, follow=True
        )
    assert "A pull of Anthropic is under way already." in text(page)
    assert Job.objects.filter(kind="fetch").count() == 1


@pytest.mark.parametrize(
    ("first_day", "words"),
    [("2126-01-01", "lies in the future"), ("yesterday", "as YYYY-MM-DD")],
)
def test_a_day_that_makes_no_sense_is_refused_in_words(client, admin, first_day, words):
    a_source()
    page = client.post("/setup/sources/anthropic/pull/", {"first_day": first_day}, follow=True)
    assert words in text(page)
    assert not Job.objects.filter(kind="fetch").exists()


# --- history -------------------------------------------------------------------------------


def test_the_history_says_what_each_import_held_and_what_replaced_it(client, admin):
    focus = load.default_source(connector("focus"))
    first = load.load(load.receive(focus, "first.csv", bill("10.25", "4.75"), by=admin))
    second = load.load(load.receive(focus, "second.csv", bill("10.25", "5.00")))
    said = text(client.get("/setup/sources/focus/"))
    assert f"{first.pk} first.csv Booked October 2026 2 $15.00" in said
    assert re.search(rf"ada {second.pk} ", said)
    assert "command" in said


@pytest.mark.parametrize(
    ("kind", "slot", "words"),
    [("fetch", "2026-11-03T00:00", "schedule"), ("fetch", None, "pull by hand"),
     ("inbox", None, "webhook"), ("load", None, "command")],
)  # fmt: skip
def test_the_history_says_what_brought_a_file(kind, slot, words):
    source = a_source()
    now = timezone.now()
    job = Job.objects.create(kind=kind, source=source, slot=slot, due_at=now, started_at=now)
    an_import(source, State.LOADED)
    Job.objects.filter(pk=job.pk).update(state="done", finished_at=timezone.now())
    an_import(source, State.LOADED)  # after the job had ended
    assert [line.brought_by for line in history(source).lines] == ["command", words]


def test_a_long_history_comes_in_pages(client, admin, django_assert_max_num_queries):
    source = a_source()
    for number in range(60):
        an_import(source, State.LOADED, filename=f"file-{number:02}.json")
    with django_assert_max_num_queries(14):
        page = client.get("/setup/sources/anthropic/")
    assert "file-59.json" in text(page)
    assert "file-09.json" not in text(page)
    older = re.search(r"\?before=(\d+)", page.content.decode())
    rest = text(client.get(f"/setup/sources/anthropic/?before={older[1]}"))
    assert "file-09.json" in rest
    assert "file-10.json" not in rest


# --- who may -------------------------------------------------------------------------------


def test_finance_sees_sources_and_changes_none(client, cfo):
    source = a_source()
    page = text(client.get("/setup/sources/anthropic/"))
    assert "What came, and what became of it?" in page
    assert "How is it connected?" not in page
    assert client.get("/setup/").status_code == 200
    assert client.get("/setup/connect/anthropic/").status_code == 403
    for address in ("", "pull/", "test/"):
        response = client.post(f"/setup/sources/anthropic/{address}", {"name": "Mine"})
        assert response.status_code == 403
    source.refresh_from_db()
    assert source.name == "Anthropic"


def test_a_manager_gets_403(client):
    a_source()
    client.force_login(User.objects.create_user("max", password="x", role=User.Role.MANAGER))
    for address in ("/setup/", "/setup/sources/anthropic/", "/setup/connect/anthropic/"):
        assert client.get(address).status_code == 403
    for address in ("", "pull/", "test/"):
        assert client.post(f"/setup/sources/anthropic/{address}").status_code == 403
