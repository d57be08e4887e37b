"""A month is closed in the browser, its bill is restated, and the difference is an adjustment."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE, eventually, settled
from tests.browser.test_uploads import Vendor, book, drop, take_back, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]


def close(page: Page, address: str) -> None:
    """Press the button until nothing waits for settle any more."""

    def is_closed() -> bool:
        page.goto(address)
        page.get_by_label("Note, if any").fill("the bill is in")
        page.get_by_role("button", name=re.compile("^Close ")).click()
        return page.get_by_text("What comes later is an adjustment").count() > 0

    eventually(is_closed, "the month was never closed")


@pytest.mark.slow
def test_a_restated_bill_is_an_adjustment_of_the_closed_month(visit, outlay, trouble):
    trouble.expected.append(r"answered 400|status of 400")  # refused while a settle is awaited
    vendor = Vendor(outlay, "Closed AI", 6)
    month = f"{vendor.month.start:%Y-%m}"
    page = visit("/setup/upload/", role="admin")
    book(page, vendor.bill("110.25", "40.10"))
    first = page.url
    vendor.comes_to(page, "$150.35")
    close(page, f"/reconcile/close/{month}/")
    expect(page.locator("#main")).to_contain_text("The month reads as it was closed")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="As closed", exact=True).click()
    journal = waiting.value.path().read_text()
    assert ",150.35," in journal
    drop(page, vendor.bill("110.25", "40.10", "10"))
    page.get_by_role("button", name=re.compile("^Replace")).click(timeout=60_000)
    wait_for(page, "One file is booked")
    second = page.url
    vendor.comes_to(page, "$160.35")
    expect(page.locator("main")).to_contain_text("is closed. 1 adjustment since: +$10.00")
    page.get_by_role("link", name="As closed").click()
    settled(page)
    assert page.locator(".o-strip .o-fig").first.inner_text() == "$150.35"
    expect(page.locator("main")).to_contain_text("As known on")
    page.goto(f"/reconcile/close/{month}/")
    row = page.locator("table tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Closed AI-3.csv")
    expect(row).to_contain_text("$10.00")
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_label("Why", exact=True).fill("only a test")
    page.get_by_role("button", name=re.compile("^Reopen ")).click()
    expect(page.locator("main")).to_contain_text("is open again")
    for address in (second, first):
        page.goto(address)
        take_back(page)


@pytest.mark.slow
def test_a_manager_disputes_a_line_and_finance_refuses(visit, outlay):
    page = visit("/spend/lines/?team=checkout&tier=A", role="manager")
    page.goto(page.locator("td a[href^='/spend/lines/2']").first.get_attribute("href") or "")
    page.get_by_text("Dispute this line").click()
    page.get_by_role("textbox", name="Why").fill("These calls were made for Platform.")
    page.get_by_role("button", name="Ask finance").click()
    expect(page.locator("main")).to_contain_text("These calls were made for Platform.")
    assert page.get_by_role("button", name="Refuse").count() == 0
    finance = visit(page.url, role="cfo")
    finance.get_by_role("textbox", name="Answer").fill("The key is yours.")
    finance.get_by_role("button", name="Refuse").click()
    expect(finance.locator("main")).to_contain_text("Refused")
    page.goto("/disputes/")
    expect(page.locator("main")).to_contain_text("The key is yours.")
