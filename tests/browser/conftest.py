"""A real Outlay for a real browser: `manage.py serve` on a throwaway home, filled by commands."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from tests.browser import company

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
ARGUMENTS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update",
             "--disable-sync"]  # fmt: skip
# What the test session set for itself; the product must start as it does for anybody.
REPLACED = (
    "DATABASE_URL",
    "CELERY_BROKER_URL",
    "OUTLAY_ARCHIVE",
    "DJANGO_SETTINGS_MODULE",
    "DEBUG",
)
PASSWORDS = {"cfo": "a calm ledger", "manager": "a busy team", "admin": "all the keys"}
FILL = """
from django.core.management import call_command
from finops.people.models import Team, User
for connector, path in {files!r}:
    call_command("import_file", connector, path)
call_command("settle")
call_command("verify_books")
User.objects.all().delete()
for name, password in {passwords!r}.items():
    User.objects.create_user(name, password=password, role=name)
User.objects.get(username="manager").teams.set(Team.objects.filter(name__in=["Checkout", "Platform"]))
"""
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Outlay:
    """A running Outlay with the books of the small company."""

    url: str
    home: Path
    files: Path
    before: company.Month
    last: company.Month
    cookies: dict[str, list] = field(default_factory=dict)

    def command(self, *arguments: str) -> str:
        return manage(self.home, *arguments)


def manage(home: Path, *arguments: str) -> str:
    """What a command says; fails with it when the command does."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        check=False, cwd=ROOT, env=environment(home), capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in REPLACED}
    return kept | {"OUTLAY_HOME": str(home)}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def outlay() -> Iterator[Outlay]:
    """Served once for all browser tests; what they change, they take back."""
    if not CHROMIUM:
        assert "CI" not in os.environ, "no Chromium to look through"
        pytest.skip("no Chromium to look through")
    folder = Path(tempfile.mkdtemp(prefix="outlay-browser-"))
    home, port = folder / "home", free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port)],
        cwd=ROOT, env=environment(home), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
    )  # fmt: skip
    try:
        wait_until_ready(server)
        before, last = company.two_months(datetime.now(UTC).date())
        fill(home, folder / "files")
        yield Outlay(f"http://localhost:{port}", home, folder / "files", before, last)
        server.send_signal(signal.SIGINT)
        said, _ = server.communicate(timeout=60)
        assert server.returncode == 0, said
    finally:
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)


def wait_until_ready(server: subprocess.Popen[str]) -> None:
    said = ""
    assert server.stdout
    for line in server.stdout:
        said += line
        if "stop with Ctrl-C" in line:
            return
    raise AssertionError(f"Outlay did not start:\n{said}")


def fill(home: Path, files: Path) -> None:
    """By the public commands, in one process since each takes seconds to start."""
    written = [(name, str(path)) for name, path in company.write(files, datetime.now(UTC).date())]
    manage(home, "shell", "-v0", "-c", FILL.format(files=written, passwords=PASSWORDS))


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser per module: while it runs, this thread has an event loop, which Django minds."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Trouble:
    """What a browser complains about while a test looks at pages."""

    seen: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)  # patterns

    def watch(self, page: Page) -> None:
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.seen.append(f"{page.url}: script error {error}"))
        page.on("requestfailed", lambda request: self.seen.append(
            f"{page.url}: {request.url} failed, {request.failure}"))  # fmt: skip
        page.on("response", lambda response: response.status >= 400 and self.seen.append(
            f"{page.url}: {response.url} answered {response.status}"))  # fmt: skip

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(f"{message.location['url']}: {message.type} {message.text}")

    def unexpected(self) -> list[str]:
        # Leaving a page cancels what it was still loading.
        patterns = [*self.expected, r"net::ERR_ABORTED"]
        return [line for line in self.seen if not any(re.search(p, line) for p in patterns)]


@pytest.fixture
def trouble() -> Iterator[Trouble]:
    """Every test fails on console errors, refused styles and scripts, and failed requests."""
    found = Trouble()
    yield found
    assert found.unexpected() == []


Open = Callable[..., Page]


@pytest.fixture
def visit(outlay: Outlay, chromium: Browser, trouble: Trouble) -> Iterator[Open]:
    """visit("/", role="cfo", ...): a page of a signed-in browser. Options as for new_context."""
    contexts: list[BrowserContext] = []

    def open_page(path: str = "/", role: str | None = "cfo", **options) -> Page:
        # Without motion a colour is never judged half way from light to dark.
        still = {"reduced_motion": "reduce"}
        options = (
            {"viewport": DESKTOP, "base_url": outlay.url, "accept_downloads": True}
            | still
            | options
        )
        context = chromium.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        trouble.watch(page)
        if role:
            sign_in(page, outlay, role)
        page.goto(path)
        settled(page)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(page: Page, outlay: Outlay, role: str) -> None:
    """By the form the first time, by its cookie afterwards."""
    if role not in outlay.cookies:
        page.goto("/sign-in/")
        page.get_by_label("Username").fill(role)
        page.get_by_label("Password").fill(PASSWORDS[role])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(re.compile(r"^(?!.*sign-in)"))
        outlay.cookies[role] = page.context.cookies()
    page.context.add_cookies(outlay.cookies[role])


def settled(page: Page) -> Page:
    """Wait until every panel has arrived, every visible chart is drawn and fonts are there."""
    page.wait_for_load_state("load")
    page.wait_for_function("() => !document.querySelector('[aria-busy=true]')")
    # Charts are drawn when they come near the screen; here all of them are looked at.
    page.evaluate("() => window.outlayCharts && window.outlayCharts.ready()")
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-figure]')].every("
        "box => !box.clientWidth || box.querySelector('.main-svg'))"
    )
    page.evaluate("document.fonts.ready")
    return page


def eventually(found: Callable[[], bool], words: str, seconds: float = 45) -> None:
    """Wait for what a worker does in its own time."""
    deadline = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < deadline, words
        time.sleep(0.5)
