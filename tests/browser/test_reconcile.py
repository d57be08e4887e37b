"""An invoice is typed in, the bill ties to it, and the bridge can be read as a chart and a table."""

import pytest
from playwright.sync_api import expect

from tests.browser import company
from tests.browser.conftest import PHONE, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]


def test_an_invoice_that_is_typed_in_ties_the_month(visit, outlay):
    month = outlay.before
    page = visit(f"/reconcile/?period={month.start:%Y-%m}")
    bridge = page.locator("#bridge")
    expect(bridge).to_contain_text("There is no invoice yet.")
    expect(bridge.locator(".o-chart .plotly")).to_be_visible()

    bridge.get_by_role("link", name="Type it in").click()
    settled(page)
    expect(page.get_by_label("First day")).to_have_value(f"{month.start}")
    page.get_by_label("Invoice number").fill("INV-7")
    page.get_by_label("Issued on").fill(f"{month.end}")
    page.get_by_label("Amount due").fill(
        f"{company.total(company.bill(month)) - company.SEATS:.2f}"  # the seats are another vendor's
    )
    page.get_by_role("button", name="Keep it").click()
    settled(page)

    expect(page.locator(".o-lead")).to_contain_text("ties to the cent")
    page.locator("#bridge").get_by_role("button", name="Table").click()
    expect(page.locator(".o-bridge")).to_contain_text("Invoice")

    page.locator("#bridge").get_by_role("link", name="INV-7").click()
    settled(page)
    page.get_by_role("button", name="Take it out").click()
    settled(page)
    expect(page.locator("main")).to_contain_text("Invoice INV-7 counts no more")


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/reconcile/", "/setup/invoices/", "/setup/invoices/new/"])
def test_nothing_is_wider_than_a_phone(visit, path):
    page = visit(path, viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
