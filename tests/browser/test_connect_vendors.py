"""Connecting a vendor as an administrator does: key, test, pull, rows, and a key that is wrong.

Each vendor is a fake on this machine behind its own protocol; a new vendor is one more line.
"""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as configured
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from billing_ingest import jobs, work
from billing_ingest.models import Job
from billing_ingest.registry import CONNECTORS, connector
from finops.people.models import User
from tests.browser.conftest import DESKTOP, ROOT, Trouble, settled
from tests.fakes.anthropic import fake_anthropic
from tests.fakes.aws import BUCKET, KEY_ID, REGION, S3, SECRET, fake_aws
from tests.fakes.azure import TOKEN, fake_azure
from tests.fakes.cursor import fake_cursor
from tests.fakes.github_copilot import fake_github_copilot
from tests.fakes.helicone import fake_helicone
from tests.fakes.langfuse import fake_langfuse
from tests.fakes.litellm import fake_litellm
from tests.fakes.openai import fake_openai
from tests.fakes.openrouter import fake_openrouter
from tests.vendor import Answer, Vendor, vendor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("browser"),
    pytest.mark.django_db(transaction=True),
]

REVOKED = "this key was revoked on Monday"
AS_JSON = f'{{"error": {{"message": "{REVOKED}"}}}}'.encode()
AS_XML = f"<Error><Code>AccessDenied</Code><Message>{REVOKED}</Message></Error>".encode()
REPORT = ROOT / "tests/connectors/aws/cur/sample.csv"
EXPORTS = "https://account.blob.core.windows.net/exports"
S3_CONFIG = {
    "bucket": BUCKET, "region": REGION, "access_key_id": KEY_ID, "prefix": "exports",
}  # fmt: skip


@contextmanager
def aws_with_a_report() -> Iterator[S3]:
    with fake_aws() as s3:
        s3.deliver_report("20260701-20260801", "assembly-1", [REPORT.read_bytes()])
        yield s3


@dataclass(frozen=True)
class Case:
    """A vendor: its fake, a day it has something of, what the form asks, how it says no."""

    slug: str
    fake: Callable[[], AbstractContextManager[Vendor | S3]]
    day: date
    key: str = "key-canary"
    config: tuple[tuple[str, str], ...] = ()
    address: str = "api_url"
    refusal: bytes = AS_JSON
    words: str = REVOKED


CASES = [
    Case("anthropic", fake_anthropic, date(2026, 10, 5), "sk-ant-admin01-canary"),
    Case("openai", fake_openai, date(2026, 10, 5), "sk-admin-canary"),
    Case("github_copilot", fake_github_copilot, date(2026, 6, 2), config=(("organization", "acme"),)),
    Case("cursor", fake_cursor, date(2026, 8, 1)),
    Case("litellm", fake_litellm, date(2026, 8, 1)),
    Case("openrouter", fake_openrouter, date(2026, 8, 1)),
    Case("langfuse", fake_langfuse, date(2026, 8, 1), config=(("public_key", "pk-lf-1"),)),
    Case("helicone", fake_helicone, date(2026, 8, 1)),
    Case("azure", fake_azure, date(2026, 7, 2), TOKEN, (("container_url", EXPORTS),), refusal=AS_XML),
    Case("aws", aws_with_a_report, date(2026, 7, 20), SECRET, tuple(S3_CONFIG.items()), "endpoint_url", AS_XML),
]  # fmt: skip


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """No worker takes the jobs away; rows may be read while the browser's event loop is there."""
    monkeypatch.setattr(jobs.app, "send_task", lambda *_, **__: None)


@pytest.fixture(scope="module", autouse=True)
def with_event_loop() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield


@pytest.fixture
def today(case: Case, monkeypatch: pytest.MonkeyPatch) -> date:
    """Two days after the vendor's, so that a pull by hand covers it whenever the test runs."""
    noon = datetime(case.day.year, case.day.month, case.day.day, 12, tzinfo=UTC)
    began, then = time.monotonic(), noon + timedelta(days=2)
    monkeypatch.setattr(timezone, "now", lambda: then + timedelta(seconds=time.monotonic() - began))
    return then.date()


@pytest.fixture
def page(
    today: date, live_server: Any, client: Any, chromium: Browser, trouble: Trouble
) -> Iterator[Page]:
    """A page of an administrator, with the setup of an empty Outlay."""
    client.force_login(User.objects.create_user("ada", password="x", role=User.Role.ADMIN))
    name = configured.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value, "url": live_server.url}
    context = chromium.new_context(viewport=DESKTOP, base_url=live_server.url)
    context.set_default_timeout(30_000)
    context.add_cookies([cookie])
    opened = context.new_page()
    trouble.watch(opened)
    yield opened
    context.close()


def connect(page: Page, case: Case, address: str, key: str) -> None:
    """Fill the vendor's form as it stands on its page."""
    page.goto("/setup/")
    label = connector(case.slug).label
    page.get_by_role("link", name=f"Connect {label}", exact=True).click()
    page.get_by_label("Key", exact=True).fill(key)
    for name, value in (*case.config, (case.address, address)):
        page.locator(f"[name=config_{name}]").fill(value)
    page.get_by_role("button", name="Connect").click()
    page.wait_for_url("**/setup/sources/**")
    expect(page.locator("body")).to_contain_text("is connected.")


def run_what_waits(*kinds: str) -> None:
    """Do the waiting jobs of these kinds, as a worker would."""
    waiting = Job.objects.filter(kind__in=kinds, state=Job.State.WAITING).order_by("pk")
    for job in list(waiting):
        assert work.run(job.pk), Job.objects.get(pk=job.pk).error


def test_every_vendor_that_has_a_fake_is_connected_here() -> None:
    fakes = {path.stem for path in (ROOT / "tests/fakes").glob("*.py")}
    pulled = {slug for slug in CONNECTORS if connector(slug).fetch}
    assert pulled & fakes == {case.slug for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_a_vendor_is_connected_tested_and_pulled(case: Case, page: Page, settings: Any) -> None:
    with case.fake() as running:
        settings.OUTLAY_PRIVATE_HOSTS = [running.host]
        connect(page, case, running.url, case.key)
        page.get_by_role("button", name="Test the key").click()
        expect(page.locator("body")).to_contain_text("answers. The key works.")
        page.get_by_role("button", name="Pull now").click()
        expect(page.locator("body")).to_contain_text("is being pulled. What comes shows up below.")
        run_what_waits("fetch", "backfill")
    run_what_waits("settle")
    page.reload()
    settled(page)
    expect(page.locator(".o-lead").first).to_have_text(
        re.compile(r"Complete to \d+ \w+ 2026, [1-9][\d,]* rows in use")
    )
    lines = page.get_by_label("History of imports").locator("tbody tr")
    assert lines.count() >= 1
    assert case.key not in page.content()
    page.goto("/setup/")
    row = page.locator(
        "tr", has=page.get_by_role("link", name=connector(case.slug).label, exact=True)
    )
    expect(row.locator(".o-rows").first).to_have_text(re.compile(r"^[1-9]"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.slug)
def test_a_wrong_key_is_answered_in_the_vendors_own_words(
    case: Case, page: Page, settings: Any
) -> None:
    with vendor(lambda _: Answer(case.refusal, status=401)) as running:
        settings.OUTLAY_PRIVATE_HOSTS = [running.host]
        connect(page, case, running.url, "a-wrong-key")
        page.get_by_role("button", name="Test the key").click()
        expect(page.locator("body")).to_contain_text(case.words)
        expect(page.locator("body")).not_to_contain_text("The key works.")
    assert "a-wrong-key" not in page.content()
