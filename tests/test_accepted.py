"""What was answered 2xx is kept: a sender with a log of its own finds all of it in the books."""

import hashlib
import json
import random
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import Client

from billing_ingest import inbox, load
from billing_ingest.models import Delivery
from finops.attribution.verify.books import verify
from finops.ledger.models import Import
from finops.outcomes.models import WorkItem
from finops.outside import archive
from finops.people.models import User
from tests.bills import bill
from tests.test_github import pull
from tests.test_inbox import published, signature, source

__all__ = ["published", "source"]

pytestmark = pytest.mark.django_db(transaction=True)

EVENTS, COPIES, SENDERS = 24, 3, 4


@pytest.fixture
def trouble(monkeypatch) -> random.Random:
    """Now and then the disk or the database fails just before or just after storing."""
    chance = random.Random(7)
    guard = threading.Lock()

    def sometimes(kind: type[Exception]) -> None:
        with guard:
            fails = chance.random() < 0.15
        if fails:
            raise kind("a fault that the test makes")

    really_put, really_queue = archive.put, inbox._queue

    def put(*args, **more):
        sometimes(OSError)
        return really_put(*args, **more)

    def queue(*args):
        really_queue(*args)
        sometimes(OperationalError)  # in the transaction of the delivery

    monkeypatch.setattr(archive, "put", put)
    monkeypatch.setattr(inbox, "_queue", queue)
    return chance


def event(number: int) -> bytes:
    """The number-th pull request, opened."""
    request = pull() | {
        "number": number,
        "html_url": f"https://github.com/acme/app/pull/{number}",
    }
    return json.dumps({"action": "opened", "pull_request": request}).encode()


def send(number: int) -> tuple[int, int]:
    body = event(number)
    try:
        answer = Client(raise_request_exception=False).post(
            "/webhooks/forge/",
            body,
            content_type="application/json",
            headers={
                "X-GitHub-Delivery": f"d-{number}",
                "X-GitHub-Event": "pull_request",
                "X-Hub-Signature-256": signature(body),
            },
        )
        return number, answer.status_code
    finally:
        connection.close()


def test_every_event_that_was_taken_is_there_once(source, trouble, monkeypatch):
    wanted = [number for number in range(EVENTS) for _ in range(COPIES)]
    trouble.shuffle(wanted)
    with ThreadPoolExecutor(SENDERS) as pool:
        log = list(pool.map(send, wanted))
    taken = {number for number, status in log if 200 <= status < 300}
    assert any(status >= 500 for _, status in log)  # the faults were felt
    assert taken
    kept = dict(Delivery.objects.values_list("delivery_id", "sha256"))
    assert kept == {f"d-{n}": hashlib.sha256(event(n)).hexdigest() for n in taken}
    monkeypatch.undo()
    monkeypatch.setattr("billing_ingest.jobs.app.send_task", lambda *_, **__: None)
    inbox.process(source)
    assert set(WorkItem.objects.values_list("number", flat=True)) == taken
    assert verify().ok


def test_every_upload_that_was_taken_is_there_and_no_other(published, trouble, monkeypatch):
    user = User.objects.create_user("cfo", role="cfo")
    client = Client(raise_request_exception=False)
    client.force_login(user)
    log = {}
    for number in range(12):
        content = bill(f"{number}.5", issuer=f"Vendor {number}")
        file = SimpleUploadedFile(f"bill-{number}.csv", content)
        answer = client.post("/setup/upload/", {"file": [file]})
        log[number] = answer.status_code
    assert any(status >= 500 for status in log.values())
    taken = {f"bill-{number}.csv" for number, status in log.items() if status < 400}
    assert set(Import.objects.values_list("filename", flat=True)) == taken
    monkeypatch.undo()
    for imp in Import.objects.all():
        number = imp.filename.removeprefix("bill-").removesuffix(".csv")
        with archive.open_raw(imp.sha256) as stream:
            assert stream.read() == bill(f"{number}.5", issuer=f"Vendor {number}")
        assert load.load(imp).state == Import.State.LOADED
    assert verify().ok
