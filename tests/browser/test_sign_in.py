"""Who gets in, what each of the three audiences may see, and that a keyboard is enough."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORDS, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]


def pages_of(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Pages").get_by_role("link").all_inner_texts()


def enter(page: Page, name: str, password: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


EVERY_PAGE = ["Overview", "Teams", "Spend", "Reconcile", "Closing", "Disputes", "Setup"]


@pytest.mark.slow
def test_nobody_sees_a_page_without_signing_in_and_lands_where_they_wanted(visit, outlay):
    page = visit("/spend/lines/?period=" + f"{outlay.last.start:%Y-%m}", role=None)
    assert "/sign-in/" in page.url
    enter(page, "cfo", "wrong")
    expect(page.get_by_role("alert")).to_contain_text("did not match")
    enter(page, "cfo", PASSWORDS["cfo"])
    expect(page).to_have_url(re.compile(r"/spend/lines/\?period="))


def test_finance_sees_every_team_and_brings_files_but_does_not_administer(visit, trouble):
    page = visit("/", role="cfo")
    assert pages_of(page) == EVERY_PAGE
    expect(page.locator("#by-team")).to_contain_text("Search")
    page.get_by_role("link", name="Setup").click()
    expect(page.get_by_role("heading", name="What is connected?")).to_be_visible()
    expect(page.get_by_text("What else can be connected?")).to_have_count(0)
    trouble.expected.append(r"answered 403|status of 403")
    assert page.goto("/setup/connect/anthropic/").status == 403


def test_manager_sees_the_own_teams_and_no_setup(visit, trouble, outlay):
    page = visit("/", role="manager")
    assert pages_of(page) == ["Overview", "Teams", "Spend", "Disputes"]
    rows = page.locator("#by-team")
    expect(rows).to_contain_text("Checkout")
    expect(rows).not_to_contain_text("Search")
    trouble.expected.append(r"answered (403|404)|status of (403|404)")
    assert page.goto("/setup/").status == 403
    assert page.goto("/setup/upload/").status == 403
    assert page.goto("/teams/search/").status == 404
    page.goto("/spend/lines/")
    expect(page.locator("main")).not_to_contain_text("Search")


@pytest.mark.slow
def test_administrator_sees_setup_and_what_can_be_connected(visit):
    page = visit("/setup/", role="admin")
    assert pages_of(page) == EVERY_PAGE
    expect(page.get_by_role("heading", name="What else can be connected?")).to_be_visible()
    page.get_by_role("link", name="Connect Anthropic").first.click()
    expect(page.get_by_role("button", name="Connect")).to_be_visible()


@pytest.mark.slow
def test_signing_out_ends_it(visit):
    page = visit("/sign-in/", role=None)
    enter(page, "admin", PASSWORDS["admin"])
    page.wait_for_url("**/")
    page.locator("header summary").filter(has_text=re.compile("company|Menu|admin")).last.click()
    page.get_by_role("button", name="Sign out").click()
    page.goto("/teams/")
    assert "/sign-in/" in page.url


def test_keyboard_alone_goes_from_sign_in_to_a_receipt_and_its_bill_line(visit):
    page = visit("/sign-in/", role=None)
    tab_to(page, "input[name=username]")
    page.keyboard.type("cfo")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["cfo"])
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    settled(page)
    tab_to(page, "#by-team a[href^='/teams/checkout/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/teams/checkout/**")
    settled(page)
    tab_to(page, "#work a[href^='/outcomes/']")
    page.keyboard.press("Enter")
    page.wait_for_url("**/outcomes/**")
    tab_to(page, "#lines a[href^='/spend/lines/2']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="What the bill says")).to_be_visible()


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until the focus is there, and see that it can be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            shadow = page.evaluate("getComputedStyle(document.activeElement).boxShadow")
            assert outline != "none" or shadow != "none", f"the focus on {selector} is not visible"
            return
    raise AssertionError(f"{selector} is not reached with {most} times Tab")


@pytest.mark.slow
def test_menus_open_and_close_with_the_keyboard(visit):
    page = visit("/")
    period = page.locator("details.o-filter").first
    period.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(period).to_have_attribute("open", "")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("document.activeElement.tagName") == "A"
    page.keyboard.press("Escape")
    expect(period).not_to_have_attribute("open", "")
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
