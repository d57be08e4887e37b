"""Setup > Sources: tokens of a source, shown once, and what programs have to be told."""

import pytest
from django.utils import timezone

from billing_ingest.models import Delivery
from billing_ingest.recipes import TOKEN, recipes
from finops.ledger.models import IngestToken, Source
from finops.ledger.tokens import make_token, source_of_token
from finops.people.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def source():
    return Source.objects.create(key="agents", name="Agents", connector="otlp")


@pytest.fixture
def admin(client):
    user = User.objects.create_user("ada", password="x", role=User.Role.ADMIN)
    client.force_login(user)
    return user


def test_a_new_token_is_shown_once_with_what_to_set(client, admin, source):
    made = client.post("/setup/sources/agents/tokens/")
    page = made.content.decode()
    kept = IngestToken.objects.get()
    start = page.index('aria-label="The new token">') + len('aria-label="The new token">')
    token = page[start : page.index("<", start)]
    assert source_of_token(token, timezone.now()) == source
    assert (kept.by, kept.ending) == (admin, token[-4:])
    assert "no-store" in made["Cache-Control"]
    assert page.count(token) == 5  # by itself and in four settings
    assert "http://testserver/otlp/v1/logs" in page
    later = client.get("/setup/sources/agents/").content.decode()
    assert token not in later
    assert "ending in <code" in later
    assert TOKEN in later


def test_a_token_is_ended_by_a_click(client, admin, source):
    token = make_token(source, None, timezone.now())
    pk = IngestToken.objects.get().pk
    assert client.post(f"/setup/sources/agents/tokens/{pk}/revoke/").status_code == 302
    assert source_of_token(token, timezone.now()) is None
    assert client.post(f"/setup/sources/agents/tokens/{pk}/revoke/").status_code == 302


def test_only_administrators_make_tokens(client, source):
    assert client.post("/setup/sources/agents/tokens/").status_code == 302
    client.force_login(User.objects.create_user("chris", password="x", role=User.Role.CFO))
    assert client.post("/setup/sources/agents/tokens/").status_code == 403
    assert "How do programs send" not in client.get("/setup/sources/agents/").content.decode()
    assert IngestToken.objects.count() == 0


def test_a_source_that_takes_no_posts_has_no_tokens(client, admin):
    Source.objects.create(key="bills", name="Bills", connector="focus")
    assert client.post("/setup/sources/bills/tokens/").status_code == 404
    assert client.get("/setup/sources/agents/tokens/").status_code in (404, 405)
    assert "How do programs send" not in client.get("/setup/sources/bills/").content.decode()


def test_telemetry_and_local_logs_are_connected_like_any_vendor(client, admin):
    page = client.get("/setup/").content.decode()
    for slug in ("otlp", "claude_code_local", "codex_local"):
        assert f"/setup/connect/{slug}/" in page
    answer = client.post("/setup/connect/otlp/", {"name": "Agents"}, follow=True)
    assert "Make a token" in answer.content.decode()
    assert Source.objects.get().connector == "otlp"
    assert Delivery.objects.count() == 0


def test_every_program_is_told_the_same_address_and_token():
    for slug in ("otlp", "claude_code_local", "codex_local"):
        for recipe in recipes(slug, "https://outlay.test", "outlay_abc"):
            assert "outlay_abc" in recipe.text
            assert "https://outlay.test" in recipe.text
    assert recipes("focus", "https://outlay.test") == []
    (local,) = recipes("codex_local", "http://intranet")
    assert "--allow-http" in local.text
