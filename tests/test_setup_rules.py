"""Setup > Rules: rows come and go, a preview in dollars, saving, ordering, withdrawing."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from finops.attribution.models import Allocation, AllocationRule
from finops.attribution.rules import current_rules
from finops.attribution.settle import settle
from finops.people.models import User
from tests import facts
from tests.ruled import passed_on, rule, to, when
from tests.test_pages import page, plain, rows

pytestmark = pytest.mark.django_db
KEY = {"field": "api_key", "tag": "", "op": "is", "values": "k-gate"}


@pytest.fixture
def admin(client: Client) -> Client:
    for slug in ("core", "data", "ops"):
        facts.team(slug)
    bill = facts.source("bill")
    part = facts.deliver(bill, "charge", "bill:10", "2026-10-01", "2026-10-31")
    facts.charge(part, "2026-10-03", 120_000_000_000, api_key="k-gate")
    facts.charge(part, "2026-10-04", 80_000_000_000, line=3, team="core")
    settle(now=timezone.now())
    client.force_login(User.objects.create_user("ada", role="admin"))
    return client


def form(do: str, **more: Any) -> dict[str, Any]:
    return KEY | {"name": "Gateway", "method": "team", "team": "ops", "weight": "", "do": do} | more


def post(client: Client, address: str, data: dict[str, Any]) -> str:
    response = client.post(address, data, follow=True)
    assert response.status_code == 200, address
    return response.content.decode()


def test_a_rule_is_previewed_in_dollars_and_then_saved(admin: Client) -> None:
    assert "No rule yet" in plain(page(admin, "/setup/rules/"))
    preview = plain(post(admin, "/setup/rules/new/", form("preview")))
    assert "it would move $120.00 in 1 piece" in preview
    assert "Ops now $0.00 then $120.00 +$120.00" in preview
    assert "No team, or shared by all now $120.00 then $0.00 −$120.00" in preview
    assert not AllocationRule.objects.exists()
    saved = plain(post(admin, "/setup/rules/new/", form("save")))
    assert "Rule 1, “Gateway”, is kept." in saved
    assert "API key is k-gate To Ops Always $0.00" in saved
    settle(now=timezone.now())
    assert "decided over $120.00" in plain(page(admin, "/setup/rules/"))


def test_rows_come_and_go_without_scripts_and_keep_what_was_typed(admin: Client) -> None:
    more = page_of(admin, form("add-condition", name="Half typed"))
    assert more.count('name="values"') == 2
    assert "Half typed" in more
    assert ">k-gate</textarea>" in more
    twice = form("drop-condition-0", field=["api_key", "project"], tag=["", ""], op=["is", "is"],
                 values=["k-gate", "lab"])  # fmt: skip
    fewer = page_of(admin, twice)
    assert "k-gate" not in fewer
    assert ">lab</textarea>" in fewer
    teams = page_of(
        admin, form("add-team", method="fixed", team=["ops", "core"], weight=["40", "60"])
    )
    assert teams.count('name="team"') == 3
    assert 'value="40"' in teams


def page_of(client: Client, data: dict[str, Any]) -> str:
    return post(client, "/setup/rules/new/", data)


def test_what_cannot_be_followed_is_said_in_words_and_the_form_stays(admin: Client) -> None:
    wrong = form("save", method="fixed", team=["ops", "core"], weight=["40", "50"])
    text = page_of(admin, wrong)
    assert "The shares sum to 90 %, not 100 %: 10 % missing." in text
    assert 'value="Gateway"' in text
    assert "is not a share" in page_of(admin, wrong | {"weight": ["a lot", "1"]})
    assert "write it as 2026-10-31" in page_of(admin, form("save", first_day="tomorrow"))
    assert not AllocationRule.objects.exists()


def test_shares_days_tags_and_services_are_read_from_the_form(admin: Client) -> None:
    page_of(admin, form("save", method="fixed", team=["ops", "core"], weight=["2", "1"], unit="parts",
                        field="tag", tag="desk", values="north\nsouth",
                        first_day="2026-10-01", last_day="2026-10-31"))  # fmt: skip
    (kept,) = current_rules()
    assert kept.conditions == [{"field": "tag:desk", "op": "is", "values": ["north", "south"]}]
    assert [(s.team.slug, int(s.weight)) for s in kept.shares.all()] == [("ops", 2), ("core", 1)]
    assert (f"{kept.valid_from}", f"{kept.valid_to}") == ("2026-10-01", "2026-11-01")
    page_of(admin, {
        "name": "Services", "method": "reciprocal", "service": ["core"], "user": ["ops", "data"],
        "uses-core-ops": "25", "uses-core-data": "75", "unit": "percent", "do": "save",
        "field": "", "tag": "", "op": "is", "values": "",
    })  # fmt: skip
    services = current_rules()[1]
    assert [(s.service and s.service.slug, s.team.slug, int(s.weight)) for s in services.shares.all()] == [
        ("core", "ops", 25), ("core", "data", 75),
    ]  # fmt: skip
    assert "Core to Ops 25 % and Data 75 %" in plain(page(admin, "/setup/rules/"))


def test_a_kept_rule_opens_as_it_was_typed_and_its_versions_stay(admin: Client) -> None:
    rule(
        "reciprocal",
        shares=passed_on(core={"data": 1, "ops": 3}, data={"core": 1, "ops": 1}),
        name="Services",
    )
    opened = page(admin, "/setup/rules/1/")
    assert 'name="uses-core-data" value="1"' in opened
    assert 'name="uses-data-ops" value="1"' in opened
    rule("team", when("api_key", "k-gate"), shares=to("ops"), name="Gateway")
    text = plain(
        post(admin, "/setup/rules/2/", form("save", team="data", version="1", note="Moved house"))
    )
    assert "Rule 2, “Gateway”, is kept." in text
    versions = plain(page(admin, "/setup/rules/2/"))
    assert "Moved house" in versions
    assert "To Ops" in versions
    assert "To Data" in versions
    stale = post(admin, "/setup/rules/2/", form("save", version="1"))
    assert "Somebody changed this rule meanwhile" in stale


def test_rules_are_moved_and_withdrawn_after_a_look_at_the_dollars(admin: Client) -> None:
    rule("team", when("api_key", "k-gate"), shares=to("ops"), name="Gateway")
    rule("team", when("team_tag", "core"), shares=to("data"), name="Tagged")
    settle(now=timezone.now())
    assert "“Tagged” is rule 1 in order now" in post(
        admin, "/setup/rules/2/move/", {"to": "earlier"}
    )
    assert [r.name for r in current_rules()] == ["Tagged", "Gateway"]
    asked = plain(post(admin, "/setup/rules/1/withdraw/", {}))
    assert "it would move $120.00 in 1 piece" in asked
    assert len(current_rules()) == 2
    post(admin, "/setup/rules/1/withdraw/", {"yes": "1", "version": "1"})
    assert [r.name for r in current_rules()] == ["Tagged"]
    assert "followed no more" in plain(page(admin, "/setup/rules/1/"))


def test_finance_reads_rules_and_managers_do_not(admin: Client) -> None:
    rule("team", when("api_key", "k-gate"), shares=to("ops"), name="Gateway")
    admin.force_login(User.objects.create_user("fin", role="cfo"))
    assert "Gateway" in page(admin, "/setup/rules/")
    assert "New rule" not in page(admin, "/setup/rules/")
    assert "Save the rule" not in page(admin, "/setup/rules/1/")
    for address in (
        "/setup/rules/new/",
        "/setup/rules/1/",
        "/setup/rules/1/move/",
        "/setup/rules/1/withdraw/",
    ):
        assert admin.post(address, form("save")).status_code == 403, address
    admin.force_login(User.objects.create_user("mia", role="manager"))
    for address in ("/setup/rules/", "/setup/rules/1/", "/setup/rules/new/"):
        assert admin.get(address).status_code == 403, address


def test_bill_lines_lists_and_receipts_name_the_rule_that_moved_a_piece(admin: Client) -> None:
    facts.item("acme/app#1", started="2026-10-01", ended="2026-10-20", keys={"pr:acme/app#1": 1})
    part = facts.deliver(facts.source("other"), "charge", "b:10", "2026-10-01", "2026-10-31")
    charge = facts.charge(part, "2026-10-05", 10_000_000_000, api_key="k-gate", pr="acme/app#1")
    rule("even", when("api_key", "k-gate"), shares=to("ops", "core"), name="Gateway")
    settle(now=timezone.now())
    named = "rule 1, “Gateway”, version 1"
    line = plain(page(admin, f"/spend/lines/2026-10-05-{charge.id}/"))
    assert line.count(f"by {named}") == 2
    item = Allocation.objects.exclude(item_id=None).values_list("item_id", flat=True)[0]
    assert f"its payer by {named}" in plain(page(admin, f"/outcomes/{item}/"))
    listed = rows(admin, "/spend/lines/export/?period=2026-10")
    assert [r["paid because"] for r in listed if r["vendor"] == "Vendor"].count(named) == 4
    assert {r["paid because"] for r in listed} == {named, "its team tag"}
