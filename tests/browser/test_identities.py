"""Saying whose a name is: one click, and its money finds the team."""

import json
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest
from playwright.sync_api import Page, expect

from tests.browser import company
from tests.browser.conftest import PHONE, Outlay, eventually, settled

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]


@pytest.fixture(scope="module")
def month(outlay: Outlay) -> Iterator[company.Month]:
    """Two names that nobody owns spend in a month that no other test looks at; then taken back."""
    day = outlay.before.start
    for _ in range(6):
        day = company.month_before(day)
    month = company.Month(day, 1, 0)
    calls = [
        company.call(company.noon(day, 3), Decimal(amount), "gpt-5", person=name)
        | {"provider": "openai", "billing_scope": ""}
        for name, amount in (("cursor:ana", "112.30"), ("cursor:xyzzy", "5.20"))
    ]
    path = company.written(outlay.files / "strangers.csv", calls)
    said = json.loads(outlay.command("import_file", "usage_csv", str(path), "--json"))
    outlay.command("settle")
    yield month
    undo = "from billing_ingest.load import undo; from finops.ledger.models import Import"
    outlay.command(
        "shell", "-v0", "-c", f"{undo}; undo(Import.objects.get(pk={said['import_id']}), by=None)"
    )
    outlay.command("settle")


def names(page: Page) -> list[str]:
    return page.locator(".o-names .o-id").all_inner_texts()


def lines_of_checkout(page: Page, month: company.Month) -> str:
    page.goto(f"/spend/lines/?period={month.start:%Y-%m}&team=checkout")
    settled(page)
    return page.locator("main").inner_text()


def test_accepting_a_suggestion_shrinks_the_queue_and_moves_the_money(visit, month):
    queue = f"/setup/people/?period={month.start:%Y-%m}"
    page = visit(queue, role="admin")
    assert names(page) == ["cursor:ana", "cursor:xyzzy"]
    row = page.locator(".o-names li", has_text="cursor:ana")
    expect(row).to_contain_text("$112.30")
    expect(row).to_contain_text("the same login as github:ana")
    expect(row.get_by_role("radio", name=re.compile("Ana"))).to_be_checked()
    expect(page.locator(".o-names li", has_text="xyzzy").get_by_role("radio")).to_have_count(0)

    row.get_by_role("button", name="Accept").press("Enter")

    expect(page.locator("[role=status]").first).to_contain_text("$112.30")
    assert names(page) == ["cursor:xyzzy"]
    eventually(
        lambda: "$112.30" in lines_of_checkout(page, month), "the money never reached the team"
    )
    page.goto(queue)
    assert names(page) == ["cursor:xyzzy"]


def test_anybody_is_found_while_typing_and_given_a_name_on_a_phone(visit, month):
    page = visit(f"/setup/people/?period={month.start:%Y-%m}", role="admin", viewport=PHONE)
    page.get_by_role("link", name=re.compile("Choose an owner.*xyzzy")).click()
    page.get_by_label("Find a person, team or service").press_sequentially("plat")
    page.get_by_label(re.compile("^Platform")).check()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.get_by_role("button", name="It is theirs").click()
    expect(page.locator("[role=status]").first).to_contain_text("$5.20")
    expect(page.locator("section", has_text="Whose was it?")).to_contain_text("Platform")
