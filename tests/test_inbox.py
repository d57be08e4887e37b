"""Events that vendors send: only signed ones, each once for ever, stored before the answer."""

import hashlib
import hmac
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from billing_ingest import inbox, jobs
from billing_ingest.connectors.github.connector import is_signed
from billing_ingest.models import Delivery, Job
from finops.ledger.models import Import, Source
from finops.ledger.secrets import set_secret, set_webhook_secret
from finops.outcomes.models import WorkItem
from finops.outside import archive
from tests.samples import shared
from tests.test_github import pull

pytestmark = pytest.mark.django_db
SECRET = "It's a Secret to Everybody"
BODY = json.dumps({"action": "opened", "pull_request": pull()}).encode()


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


@pytest.fixture
def source():
    made = Source(key="forge", name="Forge", connector="github")
    set_webhook_secret(made, SECRET, timezone.now())
    made.save()
    return made


def signature(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def post(body: bytes = BODY, *, key="forge", id_="d-1", event="pull_request", **headers):
    """Post a delivery; a header given as None is left out."""
    given = {
        "X-GitHub-Delivery": id_,
        "X-GitHub-Event": event,
        "X-Hub-Signature-256": signature(body),
    } | {name.replace("_", "-"): value for name, value in headers.items()}
    return Client().post(
        f"/webhooks/{key}/",
        body,
        content_type=given.pop("Content-Type", "application/json"),
        headers={name: value for name, value in given.items() if value is not None},
    )


# --- what is taken ---------------------------------------------------------------------------


def test_a_signed_event_is_stored_and_answered_at_once(source):
    answer = post()
    assert answer.status_code == 202
    assert answer.json() == {"delivery": "d-1", "duplicate": False}
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.event) == ("received", "pull_request")
    with archive.local_copy(delivery.sha256) as path:
        assert path.read_bytes() == BODY
    job = Job.objects.get()
    assert (job.kind, job.source, job.state) == ("inbox", source, Job.State.WAITING)
    assert Import.objects.count() == 0


def test_many_events_wait_for_one_job(source):
    for number in range(3):
        assert post(id_=f"d-{number}").status_code == 202
    assert Job.objects.count() == 1


def test_an_event_after_the_job_began_gets_a_job_of_its_own(source):
    post(id_="d-1")
    Job.objects.update(state=Job.State.RUNNING, tries=1)
    post(id_="d-2")
    assert Job.objects.filter(state=Job.State.WAITING).count() == 1


def test_other_events_are_counted_and_ignored(source):
    assert post(b'{"zen": "Keep it simple"}', event="ping").status_code == 202
    assert Delivery.objects.get().state == "ignored"
    assert Job.objects.count() == 0


def test_neither_signature_nor_secret_is_kept_in_the_headers(source):
    post(Authorization="Bearer canary", X_Gitlab_Token="canary")
    kept = Delivery.objects.get().headers
    assert kept["x-github-event"] == "pull_request"
    assert "canary" not in json.dumps(kept)
    assert not [name for name in kept if "signature" in name]


# --- once for ever -------------------------------------------------------------------------------


def test_the_same_delivery_again_is_a_duplicate(source):
    post()
    answer = post()
    assert (answer.status_code, answer.json()["duplicate"]) == (200, True)
    assert Delivery.objects.count() == 1
    assert Job.objects.count() == 1


def test_another_body_under_a_known_id_is_refused_and_noted(source):
    post()
    assert post(b'{"other": 1}').status_code == 409
    delivery = Delivery.objects.get()
    assert delivery.sha256 == hashlib.sha256(BODY).hexdigest()
    assert "Another body" in delivery.note


def test_the_same_id_at_another_source_is_another_delivery(source):
    other = Source(key="other", name="Other", connector="github")
    set_webhook_secret(other, SECRET, timezone.now())
    other.save()
    assert [post(key=key).status_code for key in ("forge", "other")] == [202, 202]


@pytest.mark.django_db(transaction=True)
def test_copies_that_arrive_together_are_one_delivery(source):
    def send(_):
        try:
            return post().status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        codes = sorted(pool.map(send, range(5)))
    assert codes == [200, 200, 200, 200, 202]
    assert Delivery.objects.count() == 1
    assert Job.objects.filter(kind="inbox").count() == 1


# --- what is not taken ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        {"X_Hub_Signature_256": None},
        {"X_Hub_Signature_256": "sha256=" + "0" * 64},
        {"X_Hub_Signature_256": ""},
        {"X_Hub_Signature_256": "sha256=ü"},
        {"X_Hub_Signature_256": signature(BODY)[7:]},
        {"X_Hub_Signature_256": signature(json.dumps(json.loads(BODY), indent=1).encode())},
        {
            "X_Hub_Signature_256": None,
            "X_Hub_Signature": "sha1=" + hmac.new(SECRET.encode(), BODY, "sha1").hexdigest(),
        },
    ],
)
def test_without_the_right_signature_nothing_is_taken(source, headers):
    assert post(**headers).status_code == 401
    assert Delivery.objects.count() == 0


def test_a_source_without_a_secret_takes_nothing(source):
    Source.objects.update(webhook_secret=None)
    assert post().status_code == 401
    assert post(X_Hub_Signature_256=signature(BODY, "")).status_code == 401


def test_both_secrets_are_valid_while_they_rotate(source):
    set_webhook_secret(source, "new secret", timezone.now())
    source.save()
    assert post(id_="old").status_code == 202
    by_new = signature(BODY, "new secret")
    assert post(id_="new", X_Hub_Signature_256=by_new).status_code == 202
    set_webhook_secret(source, "newest", timezone.now() - timedelta(days=2))
    source.save()
    assert post(id_="late", X_Hub_Signature_256=by_new).status_code == 401


def test_a_secret_that_cannot_be_read_asks_to_come_again(source, settings):
    settings.FIELD_KEYS = ["x" * 40]
    assert post().status_code == 503


def test_a_body_over_the_limit_is_refused_while_reading(source, monkeypatch):
    monkeypatch.setattr(inbox, "LARGEST_BYTES", 100)
    assert post(b"x" * 101).status_code == 413
    assert post(b'"' + b"x" * 98 + b'"').status_code == 202


def test_other_methods_other_types_and_nameless_deliveries_are_refused(source):
    assert Client().get("/webhooks/forge/").status_code == 405
    assert Client().put("/webhooks/forge/", BODY).status_code == 405
    form = "application/x-www-form-urlencoded"
    assert post(**{"Content-Type": form}).status_code == 415
    assert post(id_=None).status_code == 400
    assert post(id_="x" * 201).status_code == 400


def test_an_unknown_source_is_not_found(source):
    Source.objects.create(key="bills", name="Bills", connector="focus")
    assert [post(key=key).status_code for key in ("nobody", "bills")] == [404, 404]


def test_the_published_signature_fits():
    vectors = json.loads(shared("attribution_examples.json").read_text())["signatures"]
    (github,) = [vector for vector in vectors if vector["scheme"] == "github"]
    headers = {github["header"].lower(): github["expect"]}
    assert is_signed(github["secret"], headers, github["body"].encode())
    assert not is_signed(github["secret"], headers, github["body"].encode() + b" ")


# --- what becomes of it ------------------------------------------------------------------------------


def event(number: int, updated: str, **changes) -> bytes:
    plain = {
        "number": number,
        "html_url": f"https://github.com/acme/web/pull/{number}",
        "updated_at": f"2026-05-{updated}T00:00:00Z",
    }
    record = pull(**(plain | changes))
    return json.dumps({"action": "edited", "pull_request": record}).encode()


def test_waiting_events_are_booked_together(source):
    post(event(1, "03"), id_="a")
    post(event(2, "03"), id_="b")
    inbox.process(source)
    assert set(WorkItem.objects.values_list("key", flat=True)) == {
        "github.com/acme/web#1",
        "github.com/acme/web#2",
    }
    assert set(Delivery.objects.values_list("state", flat=True)) == {"applied"}
    assert Import.objects.get().state == Import.State.LOADED
    assert Job.objects.filter(kind="settle").count() == 1


def test_the_order_of_arrival_does_not_matter(source):
    when = "2026-05-09T00:00:00Z"
    post(event(1, "09", state="closed", closed_at=when, merged_at=when), id_="a")
    inbox.process(source)
    post(event(1, "03"), id_="b")
    inbox.process(source)
    assert WorkItem.objects.get().state == WorkItem.State.DONE


def test_one_bad_event_does_not_hold_up_the_others(source):
    post(event(1, "03"), id_="a")
    post(event(2, "03", updated_at="yesterday"), id_="b")
    post(b'{"pull_request": {"head": {}', id_="c")
    post(event(3, "03"), id_="d")
    inbox.process(source)
    states = dict(Delivery.objects.values_list("delivery_id", "state"))
    assert states == {"a": "applied", "b": "refused", "c": "refused", "d": "applied"}
    assert WorkItem.objects.count() == 2


def test_processing_again_changes_nothing(source):
    post(event(1, "03"), id_="a")
    inbox.process(source)
    before = list(WorkItem.objects.values())
    inbox.process(source)
    Delivery.objects.update(state="received")
    inbox.process(source)
    assert list(WorkItem.objects.values()) == before
    assert Delivery.objects.get().state == "applied"


def test_real_events_end_as_the_latest_state(source):
    folder = shared("data/outcomes/github/octokit_webhook_payloads")
    # Three of these say the same second of change; the closing is posted last.
    for path in sorted(folder.glob("pull_request_*.json"), key=lambda path: "closed" in path.name):
        name = "pull_request_review" if "_review_" in path.name else "pull_request"
        post(path.read_bytes(), id_=path.name, event=name)
    inbox.process(source)
    assert set(Delivery.objects.values_list("state", flat=True)) == {"applied"}
    assert {item.key: item.state for item in WorkItem.objects.all()} == {
        "github.com/codertocat/hello-world#2": WorkItem.State.ABANDONED,
        "github.com/hellomouse/gns#2": WorkItem.State.OPEN,
    }


def test_the_page_of_a_source_never_shows_its_secrets(source):
    set_secret(source, "canary")
    source.save()
    assert "canary" not in str(vars(Source.objects.get()))
