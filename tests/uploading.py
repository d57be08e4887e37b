"""Files dropped on the upload page, and the worker that looks at them."""

import html
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from billing_ingest import jobs, work
from billing_ingest.models import Job
from finops.people.models import User


@pytest.fixture(autouse=True)
def broker(monkeypatch):
    """A broker that takes everything and delivers nothing: `work_off` is the worker."""
    monkeypatch.setattr(jobs.app, "send_task", lambda _name, **_: None)


@pytest.fixture
def cfo(client) -> User:
    user = User.objects.create_user("chris", password="x", role=User.Role.CFO)
    client.force_login(user)
    return user


@pytest.fixture
def admin(client) -> User:
    user = User.objects.create_user("ada", password="x", role=User.Role.ADMIN)
    client.force_login(user)
    return user


def work_off(*kinds: str) -> None:
    """Run the jobs that wait, as a worker does."""
    for job in Job.objects.filter(state=Job.State.WAITING, kind__in=kinds or ("check", "load")):
        work.run(job.pk)


def send(client, *files: tuple[str, bytes], address: str = "/setup/upload/"):
    uploads = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(address, {"file": uploads}, follow=True)


def text(response) -> str:
    """The page's words, without tags and doubled blanks."""
    page = re.sub("</?(b|a|span)( [^>]*)?>", "", response.content.decode())
    return " ".join(html.unescape(re.sub("<[^>]+>", " ", page)).split())
