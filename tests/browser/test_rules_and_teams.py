"""A rule is made, previewed in dollars, saved and settled; a person moves and a team is placed."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Outlay, eventually

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240), pytest.mark.xdist_group("browser")]
NAME = "Strays to Platform"


def spent_by(page: Page, outlay: Outlay, team: str) -> str:
    page.goto(f"/teams/{team}/?period={outlay.last.start:%Y-%m}")
    return page.locator(".o-strip .o-fig").first.inner_text()


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def test_a_rule_is_previewed_saved_settled_and_withdrawn(visit, outlay: Outlay):
    page = visit("/setup/rules/", role="admin")
    before = spent_by(page, outlay, "platform")
    page.goto("/setup/rules/")
    page.get_by_role("link", name=re.compile("New rule")).click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Condition 1 asks about").select_option("team")
    page.get_by_label("How").select_option("is_empty")
    press(page, "Add a condition")
    expect(page.get_by_label("Condition 2 asks about")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value(NAME)
    page.get_by_label("Condition 2 asks about").select_option("charge_category")
    page.get_by_label("Values, one per line").nth(1).fill("Usage")
    page.get_by_label("Team 1", exact=True).select_option("platform")
    press(page, "Preview what it moves")
    preview = page.locator("#preview")
    expect(preview).to_contain_text("it would move $")
    expect(preview.locator("tfoot").first).to_contain_text("$0.00")
    expect(preview.locator("tbody").first).to_contain_text("Platform")
    moving = preview.locator("a[href^='/spend/lines/2']").first.get_attribute("href")
    press(page, "Save the rule")
    page.wait_for_url("**/setup/rules/")
    expect(page.locator("table").first).to_contain_text(NAME)
    try:
        eventually(lambda: spent_by(page, outlay, "platform") != before, "the rule moved nothing")
        page.goto(moving or "")
        expect(page.locator("main")).to_contain_text(
            re.compile(f"by rule \\d+, “{NAME}”, version 1")
        )
    finally:
        page.goto("/setup/rules/")
        page.get_by_role("button", name=f"Withdraw {NAME}").click()
        expect(page.locator(".o-lead")).to_contain_text("it would move $")
        press(page, "Withdraw the rule")
        page.wait_for_url("**/setup/rules/")
    eventually(lambda: spent_by(page, outlay, "platform") == before, "the money never came back")


def test_a_rule_can_be_made_without_scripts(visit):
    page = visit("/setup/rules/new/", role="admin", java_script_enabled=False)
    page.get_by_label("Name").fill("By hand")
    press(page, "Add a condition")
    expect(page.get_by_label("Condition 2 asks about")).to_be_visible()
    page.get_by_label("Split by fixed shares").check()
    press(page, "Show the fields of this choice")
    expect(page.get_by_label("Share of team 1")).to_be_visible()
    press(page, "Add a team")
    page.get_by_label("Condition 1 asks about").select_option("api_key")
    page.get_by_label("Values, one per line").first.fill("nobody's key")
    for place, (team, share) in enumerate((("platform", "60"), ("search", "39")), start=1):
        page.get_by_label(f"Team {place}", exact=True).select_option(team)
        page.get_by_label(f"Share of team {place}", exact=True).fill(share)
    press(page, "Preview what it moves")
    expect(page.get_by_role("alert")).to_contain_text("sum to 99 %, not 100 %")
    page.get_by_label("Share of team 2", exact=True).fill("40")
    press(page, "Preview what it moves")
    expect(page.locator("#preview")).to_contain_text("it would move nothing")


def test_a_team_is_made_placed_and_joined_from_a_day_on(visit, outlay: Outlay):
    page = visit("/setup/teams/", role="admin")
    page.get_by_label("Name").fill("Night shift")
    page.get_by_label("Under").select_option("engineering")
    press(page, "Make the team")
    row = page.get_by_role("row", name=re.compile("Night shift"))
    expect(row).to_be_visible()
    row.get_by_role("link").click()
    joins = outlay.last.end.isoformat()
    page.get_by_label("Who joins? One e-mail per line").fill("lea@acme.example")
    page.locator("#joins").fill(joins)
    press(page, "Move them here")
    expect(page.get_by_role("status").first).to_contain_text("1 person moved to Night shift")
    page.goto("/setup/teams/platform/")
    expect(page.get_by_role("row", name=re.compile("Lea"))).to_contain_text("until")
    page.get_by_label("Who joins? One e-mail per line").fill("lea@acme.example")
    page.locator("#joins").fill(joins)
    press(page, "Move them here")
    page.goto("/setup/teams/night-shift/")
    expect(page.locator(".o-lead")).to_contain_text("0 people")
    page.goto(f"/setup/teams/?day={outlay.last.start}")
    with page.expect_download() as download:
        page.get_by_role("link", name="People, stays and names as CSV").click()
    text = download.value.path().read_text()
    assert "lea@acme.example" in text
    page.goto(f"/teams/engineering/?period={outlay.last.start:%Y-%m}")
    expect(page.locator(".o-lead").first).to_contain_text("It counts Checkout")
