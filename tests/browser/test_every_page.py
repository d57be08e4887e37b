"""What must hold on every page: quiet console, no sideways scroll, readable in light and dark."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, ROOT, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.xdist_group("browser"),
]

AXE = ROOT / "node_modules/axe-core/axe.min.js"
PAGES = {
    "overview": "/",
    "teams": "/teams/",
    "team": "/teams/checkout/",
    "receipt": "#work tbody a",
    "lines": "/spend/lines/",
    "line": "td a[href^='/spend/lines/2']",
    "panel": "/panels/overview/trend/",
    "closing": "/reconcile/close/",
    "closing month": "td a[href^='/reconcile/close/2']",
    "disputes": "/disputes/",
    "sources": "/setup/",
    "source": "/setup/sources/focus/",
    "connect": "/setup/connect/anthropic/",
    "upload": "/setup/upload/",
    "import": "/setup/imports/4/",
    "unknown names": "/setup/people/",
    "one name": "/setup/people/name/?ref=github:ana",
    "known people": "/setup/people/known/",
    "person": "/setup/people/1/",
    "rules": "/setup/rules/",
    "new rule": "/setup/rules/new/",
    "team tree": "/setup/teams/",
    "team setup": "/setup/teams/checkout/",
    "group": "/teams/engineering/?tree=then",
    "api": "/api/v1/docs/",
}
# Pages that open from a link of the page before them, since their address is not known.
OPENED_FROM = {
    "receipt": "/teams/checkout/",
    "line": "/spend/lines/",
    "closing month": "/reconcile/close/",
}
each_page = pytest.mark.parametrize("name", PAGES)


def opened(visit, name: str, **options) -> Page:
    page = visit(OPENED_FROM.get(name, PAGES[name]), role="admin", **options)
    if name in OPENED_FROM:
        page.goto(page.locator(PAGES[name]).first.get_attribute("href") or "")
        settled(page)
    return page


@each_page
def test_page_is_whole_quiet_and_without_serious_barriers(visit, name):
    page = opened(visit, name, color_scheme="light")
    assert re.fullmatch(r".+ · Outlay", page.title())
    assert page.locator("h1").count() == 1
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert barriers(page) == []
    open_everything(page)


def barriers(page: Page) -> list[str]:
    """What axe finds serious, with the elements it names."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    return page.evaluate("""() => axe.run(document, {resultTypes: ["violations"]}).then(r => r.violations
      .filter(v => ["serious", "critical"].includes(v.impact))
      .map(v => v.id + ": " + v.nodes.slice(0, 4).map(n => n.html.slice(0, 160)
        + " " + (n.any[0] ? n.any[0].message : "")).join(" | ")))""")


def open_everything(page: Page) -> None:
    """Press every switch between chart and table, and open every menu and footnote."""
    for button in page.locator("[data-view-choice=table]").all():
        button.click()
    for button in page.locator("[data-view-choice=chart]").all():
        button.click()
    for summary in page.locator("main summary").all():
        if summary.is_visible():
            summary.click()


@each_page
def test_page_is_as_wide_as_a_phone(visit, name):
    page = opened(visit, name, viewport=PHONE, has_touch=True, is_mobile=True)
    page.wait_for_timeout(200)
    wide = page.evaluate("""() => document.documentElement.scrollWidth > innerWidth
      ? [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
          .slice(0, 5).map(e => e.tagName + "." + e.className)
      : []""")
    assert wide == []
    assert page.evaluate("innerWidth") == PHONE["width"]


def test_theme_is_chosen_kept_and_used_by_charts(visit):
    page = visit("/")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(ground)
    page.locator("summary", has_text=re.compile("^Theme$")).click()
    page.get_by_role("button", name="Dark", exact=True).first.click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    assert page.evaluate(ground) != light
    ink = "getComputedStyle(document.querySelector('#flow .annotation-text')).fill"
    dark_ink = page.evaluate(ink)
    page.reload()
    settled(page)
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    page.locator("summary", has_text=re.compile("^Theme$")).click()
    page.get_by_role("button", name="Light", exact=True).first.click()
    page.wait_for_function(f"old => {ink} !== old", arg=dark_ink)


@pytest.mark.parametrize(("name", "pages_max"), [("overview", 4), ("team", 5), ("receipt", 3)])
def test_page_prints_on_a4_with_its_scope_and_address(visit, name, pages_max, tmp_path):
    page = opened(visit, name)
    file = tmp_path / f"{name}.pdf"
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    expect(page.locator(".o-printhead")).to_be_visible()
    expect(page.locator(".o-printurl")).to_contain_text(page.url.split("?")[0])
    expect(page.locator(".o-nav")).to_be_hidden()
    page.pdf(path=file, format="A4", prefer_css_page_size=True)
    assert 1 <= pages_of(file) <= pages_max


def pages_of(file: Path) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", file.read_bytes()))


def test_a_panel_that_fails_says_so_in_its_own_box(visit, trouble):
    trouble.expected += [r"trend/.* failed|ERR_FAILED|htmx", r"panels/overview/trend"]
    page = visit("/sign-in/", role="cfo")
    page.route("**/panels/overview/trend/**", lambda route: route.abort())
    page.goto("/")
    expect(page.locator("#trend")).to_contain_text("did not arrive")
    expect(page.locator("#trust")).to_contain_text("Up to date")


def test_pages_work_without_scripts(visit, chromium, outlay):
    cookies = visit("/").context.cookies()
    context = chromium.new_context(base_url=outlay.url, java_script_enabled=False)
    context.add_cookies(cookies)
    page = context.new_page()
    page.goto("/")
    expect(page.locator(".o-lead")).to_contain_text("merged pull requests")
    page.locator("#trend").get_by_role("link").first.click()
    expect(page.locator("#trend table")).to_contain_text("$")
    page.goto("/setup/upload/")
    expect(page.get_by_role("button", name="Check the files")).to_be_visible()
    context.close()
