"""Bringing a bill in by hand: checked, confirmed, booked by a worker, seen, taken back."""

import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import company
from tests.browser.conftest import Outlay, eventually, settled
from tests.browser.test_figures import amount

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]

WORKER = 60_000  # ms that a worker may take


@dataclass(frozen=True)
class Vendor:
    """A vendor that bills in a month that no other test looks at."""

    outlay: Outlay
    name: str
    months_ago: int

    @property
    def month(self) -> company.Month:
        day = self.outlay.before.start
        for _ in range(self.months_ago):
            day = company.month_before(day)
        return company.Month(day, 1, 0)

    def bill(self, *amounts: str) -> Path:
        rows = [
            company.charge(self.month, self.month.start, Decimal(text), self.name, "acct-1")
            for text in amounts
        ]
        return company.written(self.outlay.files / f"{self.name}-{len(amounts)}.csv", rows)

    def spent(self, page: Page) -> str:
        """What the overview says was spent in the month."""
        page.goto(f"/?period={self.month.start:%Y-%m}")
        return page.locator(".o-strip .o-fig").first.inner_text()

    def comes_to(self, page: Page, money: str) -> None:
        """Wait until a worker has settled it."""
        eventually(lambda: self.spent(page) == money, f"the month never came to {money}")


def drop(page: Page, *files: Path) -> None:
    page.goto("/setup/upload/")
    page.set_input_files("input[type=file]", [str(file) for file in files])
    page.wait_for_url("**/setup/upload/?imports=**")


def wait_for(page: Page, words: str | re.Pattern[str]) -> None:
    """The page asks for itself until a worker is done."""
    expect(page.locator("#files")).to_contain_text(words, timeout=WORKER)


def book(page: Page, path: Path) -> None:
    drop(page, path)
    page.get_by_role("button", name="Book it").click(timeout=WORKER)
    wait_for(page, "One file is booked")


def take_back(page: Page) -> None:
    page.get_by_role("button", name="Take it back").click()
    wait_for(page, "is taken back")


def test_a_bill_is_previewed_confirmed_booked_shown_and_taken_back(visit, outlay):
    vendor = Vendor(outlay, "Northwind AI", 1)
    page = visit("/setup/upload/", role="admin")
    drop(page, vendor.bill("110.25", "40.10", "7.654321"))
    wait_for(page, "One file is ready")
    file = page.locator("#files section").first
    expect(file).to_contain_text("FOCUS cost and usage file")
    expect(file).to_contain_text("$158.00")
    expect(file).to_contain_text("Nothing; this is new")
    expect(file.get_by_label("First rows as they will be booked")).to_contain_text("7.654321")
    address = page.url
    assert vendor.spent(page) == "$0.00", "nothing is booked before the yes"
    page.goto(address)
    page.get_by_role("button", name="Book it").click()
    wait_for(page, "One file is booked")
    address = page.url
    expect(page.locator("#files")).not_to_contain_text(
        "figures on the other pages follow", timeout=WORKER
    )
    page.get_by_role("link", name="See what it changed").click()
    settled(page)
    expect(page.locator(".o-strip .o-fig").first).to_have_text("$158.00")
    expect(page.locator("#flow")).to_contain_text("Northwind AI")
    page.goto(address)
    take_back(page)
    vendor.comes_to(page, "$0.00")


@pytest.mark.slow
def test_the_same_file_again_is_named_a_duplicate_and_changes_nothing(visit, outlay):
    page = visit("/setup/upload/", role="admin")
    drop(page, outlay.files / f"bill-{outlay.last.start:%Y-%m}.csv")
    wait_for(page, "booked already")
    address = page.url
    page.goto("/")
    settled(page)
    before = page.locator(".o-strip .o-fig").first.inner_text()
    page.goto(address)
    page.get_by_role("button", name=re.compile("^Book it|^Replace")).click()
    wait_for(page, "was booked before")
    page.goto("/")
    settled(page)
    assert page.locator(".o-strip .o-fig").first.inner_text() == before


def test_a_bad_file_is_refused_by_line_and_column_and_changes_nothing(visit, outlay):
    vendor = Vendor(outlay, "Misprint AI", 2)
    path = vendor.bill("110.25", "40.10", "7.65")
    path.write_text(path.read_text().replace("40.10", "4O.10", 1))
    page = visit("/setup/upload/", role="admin")
    drop(page, path)
    wait_for(page, "One file is refused")
    cells = page.locator("#files table tbody tr").first.locator("td").all_inner_texts()
    heads = page.locator("#files table thead th").all_inner_texts()
    said = dict(zip(heads, cells, strict=True))
    assert (said["Line"], said["Column"], said["Found"]) == ("3", "BilledCost", "4O.10")
    assert said["Expected"]
    assert any("BilledCost" not in cell and len(cell) > 8 for cell in cells)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Download the errors").click()
    assert "4O.10" in waiting.value.path().read_text()
    assert page.get_by_role("button", name="Book it").count() == 0
    page.get_by_role("button", name="Remove the file").click()
    assert vendor.spent(page) == "$0.00"


@pytest.mark.slow
def test_a_file_of_no_known_kind_says_what_is_missing(visit, outlay):
    page = visit("/setup/upload/", role="admin")
    path = outlay.files / "shopping.csv"
    path.write_text("item,pieces\nmilk,2\n")
    drop(page, path)
    wait_for(page, "One file is refused")
    assert page.locator("#files table tbody tr").first.inner_text().strip()


@pytest.mark.slow
def test_a_corrected_bill_names_what_it_replaces_before_the_yes(visit, outlay):
    vendor = Vendor(outlay, "Revised AI", 3)
    page = visit("/setup/upload/", role="admin")
    book(page, vendor.bill("110.25", "40.10"))
    first = page.url
    drop(page, vendor.bill("110.25", "40.10", "10"))
    wait_for(page, "One file is ready")
    ledger = page.locator(".o-ledger").first
    expect(ledger).to_contain_text("What it replaces")
    assert amount(ledger.locator(".o-sum").last.inner_text()) == Decimal(10)
    page.get_by_role("button", name=re.compile("^Replace")).click()
    wait_for(page, "One file is booked")
    second = page.url
    vendor.comes_to(page, "$160.35")
    page.goto(second)
    take_back(page)
    # What it had replaced counts again.
    vendor.comes_to(page, "$150.35")
    page.goto(first)
    take_back(page)


@pytest.mark.slow
def test_finance_uploads_but_does_not_take_back(visit, outlay):
    page = visit("/setup/upload/", role="cfo")
    book(page, Vendor(outlay, "Ledger AI", 4).bill("12.50"))
    assert page.get_by_role("button", name="Take it back").count() == 0
    take_back(visit(page.url, role="admin"))
