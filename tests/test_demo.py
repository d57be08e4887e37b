"""The demo company's files: repeatable, exact to the last digit, and telling the story."""

import json
import re
from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from billing_ingest.demo.company import ENGINEERING_TEAMS, SHARED_KEY, SOURCES
from billing_ingest.demo.prices import Tokens, list_cost
from billing_ingest.demo.write import Delivery, write_company
from tests.demo_files import results, rows

TODAY = date(2026, 11, 24)
BILLED_UNTIL = "2026-11-21"
ANTHROPIC_PAYS, RESELLER_PAYS = Decimal("0.92"), Decimal("0.95")


@pytest.fixture(scope="module")
def year(tmp_path_factory) -> dict[str, list[Path]]:
    """The files of twelve months by what they are, each list in order of time."""
    deliveries = write_company(tmp_path_factory.mktemp("demo"), today=TODAY)
    files: dict[str, list[Path]] = defaultdict(list)
    for delivery in deliveries:
        files[re.sub(r"-\d{4}-\d\d$", "", delivery.path.stem)].append(delivery.path)
    return files


def list_cost_of_messages(result: dict) -> Decimal:
    tokens = Tokens(
        result["uncached_input_tokens"],
        result["cache_read_input_tokens"],
        result["cache_creation"]["ephemeral_5m_input_tokens"],
        result["output_tokens"],
    )
    searches = result["server_tool_use"]["web_search_requests"] * Decimal("0.01")
    return searches + list_cost("anthropic", result["model"], tokens, result["service_tier"])


def spend_of(team, sessions: Path, gateway: Path) -> Decimal:
    """What a team's logged usage of a month costs after the contract discounts."""
    own = {f"anthropic/{team.workspace}": ANTHROPIC_PAYS}
    own[f"openai-reseller/{team.project}"] = RESELLER_PAYS
    logged = rows(sessions) + rows(gateway)
    return sum(Decimal(r["list_cost"]) * own.get(r["billing_scope"], 0) for r in logged)


def merged_by_month(year, repos: tuple[str, ...]) -> Counter[str]:
    """Merged pull requests of these repositories by month; a later file has the later word."""
    merged_at = {}
    for path in year["github-pulls"]:
        for pull in json.loads(path.read_text()):
            if pull["base"]["repo"]["name"] in repos:
                merged_at[pull["html_url"]] = pull["merged_at"]
    return Counter(moment[:7] for moment in merged_at.values() if moment)


def contents(deliveries: list[Delivery]) -> list[tuple[str, bytes]]:
    return [(d.source_key, d.path.read_bytes()) for d in deliveries]


def test_same_day_and_seed_write_the_same_bytes(tmp_path):
    first = contents(write_company(tmp_path / "a", today=TODAY, months=2))
    assert first == contents(write_company(tmp_path / "b", today=TODAY, months=2))
    assert first != contents(write_company(tmp_path / "c", today=TODAY, months=2, seed=8))


def test_every_file_belongs_to_a_known_source_and_is_named_once(tmp_path):
    deliveries = write_company(tmp_path, today=TODAY, months=2)
    connectors = {source.key: source.connector for source in SOURCES}
    assert all(connectors[d.source_key] == d.connector for d in deliveries)
    assert {d.source_key for d in deliveries} == set(connectors)
    assert sorted(d.path for d in deliveries) == sorted(p for p in tmp_path.rglob("*.*"))
    assert len({d.path.name for d in deliveries}) == len(deliveries)


@pytest.mark.parametrize("day", range(1, 6))
def test_a_month_that_has_just_begun_has_usage_but_no_bill(tmp_path, day):
    deliveries = write_company(tmp_path, today=date(2026, 3, day), months=2)
    named = {d.path.relative_to(tmp_path).as_posix() for d in deliveries}
    month = "2026-02" if day == 1 else "2026-03"
    assert f"{month}/coding-sessions-{month}.csv" in named
    assert (f"{month}/anthropic-costs-{month}.json" in named) == (day in (1, 5))


def test_anthropic_bills_exactly_its_usage_at_the_contract_price(year):
    for costs, usage in zip(year["anthropic-costs"], year["anthropic-messages-usage"], strict=True):
        cents = sum(Decimal(result["amount"]) for _, result in results(costs))
        used = [r for day, r in results(usage) if day < BILLED_UNTIL]
        assert cents == 100 * ANTHROPIC_PAYS * sum(list_cost_of_messages(r) for r in used)


def test_session_log_explains_every_workspace_but_the_default_one(year):
    for sessions, usage in zip(
        year["coding-sessions"], year["anthropic-messages-usage"], strict=True
    ):
        logged: Counter[tuple[str, str]] = Counter()
        for row in rows(sessions):
            scope = (row["occurred_at"][:10], row["billing_scope"], row["model"], row["api_key"])
            logged[scope] += Decimal(row["list_cost"])
        reported: Counter[tuple[str, str]] = Counter()
        for day, result in results(usage):
            if result["workspace_id"]:
                scope = f"anthropic/{result['workspace_id']}"
                key = (day, scope, result["model"], result["api_key_id"])
                reported[key] += list_cost_of_messages(result)
        assert logged == reported


def test_claude_code_report_tells_the_sessions_of_the_log(year):
    logs = year["coding-sessions"][-3:]
    for activity, log in zip(year["anthropic-claude-code"], logs, strict=True):
        pages = json.loads(activity.read_text())
        told = Counter()
        for record in (record for page in pages for record in page["data"]):
            for model in record["model_breakdown"]:
                told[record["actor"]["email_address"]] += model["tokens"]["output"]
        logged = Counter()
        for row in rows(log):
            if row["session"]:
                logged[row["person"]] += int(row["output_tokens"])
        assert told == logged


def test_reseller_bills_its_log_except_in_the_month_that_does_not_tie(year):
    over = {}
    for bill, log in zip(year["harrowgate-focus"], year["gateway"], strict=True):
        used = [r for r in rows(log) if r["occurred_at"] < BILLED_UNTIL]
        expected = RESELLER_PAYS * sum(Decimal(r["list_cost"]) for r in used)
        lines = rows(bill)
        billed = sum(Decimal(r["BilledCost"]) for r in lines if r["ChargeCategory"] == "Usage")
        if billed != expected:
            over[bill.parent.name] = billed / expected - 1
    assert list(over) == ["2026-08"]
    assert abs(over["2026-08"] - Decimal("0.06")) < Decimal("0.0001")


def test_reseller_bill_has_a_credit_and_a_tax_once_the_month_is_closed(year):
    kinds = [Counter(r["ChargeCategory"] for r in rows(b)) for b in year["harrowgate-focus"]]
    assert all(kind["Credit"] == 1 for kind in kinds)
    assert [kind["Tax"] for kind in kinds] == [1] * 11 + [0]
    lines = rows(year["harrowgate-focus"][0])
    tax = next(r for r in lines if r["ChargeCategory"] == "Tax")
    billed = sum(Decimal(r["BilledCost"]) for r in lines if r["ChargeCategory"] == "Usage")
    assert tax["BilledCost"] == str((billed * Decimal("0.015")).quantize(Decimal("0.01")))


def test_seats_are_bought_for_every_engineer_of_the_month(year):
    for bill in year["cursor-seats-focus"]:
        (line,) = rows(bill)
        assert Decimal(line["BilledCost"]) == 40 * Decimal(line["PricingQuantity"])
        assert 80 <= int(line["PricingQuantity"]) <= 84


def test_last_three_days_have_usage_but_no_bill(year):
    logged = {r["occurred_at"][:10] for r in rows(year["gateway"][-1])}
    billed = {r["ChargePeriodStart"][:10] for r in rows(year["harrowgate-focus"][-1])}
    assert max(logged) == (TODAY - timedelta(days=1)).isoformat()
    assert max(billed) == (TODAY - timedelta(days=4)).isoformat()
    assert max(day for day, _ in results(year["anthropic-costs"][-1])) == max(billed)


def test_one_team_spends_three_times_as_much_for_the_same_work(year):
    storefront = ENGINEERING_TEAMS[0]
    logs = list(zip(year["coding-sessions"], year["gateway"], strict=True))
    first, last_full = spend_of(storefront, *logs[0]), spend_of(storefront, *logs[10])
    merged = merged_by_month(year, storefront.repos)
    assert last_full > 3 * first
    assert all(95 <= merged[f"2026-{month:02}"] <= 125 for month in range(1, 11))


def test_one_team_merges_twice_as_much_at_a_falling_cost(year):
    fulfilment = ENGINEERING_TEAMS[1]
    logs = list(zip(year["coding-sessions"], year["gateway"], strict=True))
    merged = merged_by_month(year, fulfilment.repos)
    assert merged["2026-10"] > 2 * merged["2026-01"]
    first = spend_of(fulfilment, *logs[1]) / merged["2026-01"]
    last = spend_of(fulfilment, *logs[10]) / merged["2026-10"]
    assert last < Decimal("0.7") * first
    assert 20 < last < first < 140


def test_one_team_reverts_and_fixes_a_fifth_of_its_work(year):
    pulls = {}
    for path in year["github-pulls"]:
        for pull in json.loads(path.read_text()):
            if pull["merged_at"]:
                pulls[pull["html_url"]] = pull
    share = {}
    for team in ENGINEERING_TEAMS:
        own = [p for p in pulls.values() if p["base"]["repo"]["name"] in team.repos]
        redone = [p for p in own if {"bug", "revert"} & {label["name"] for label in p["labels"]}]
        share[team.slug] = len(redone) / len(own)
    assert share.pop("payments") > 0.15
    assert all(part < 0.07 for part in share.values())


def test_reverts_name_what_they_revert(year):
    pulls = [pull for path in year["github-pulls"] for pull in json.loads(path.read_text())]
    by_key = {f"{p['base']['repo']['full_name']}#{p['number']}": p for p in pulls}
    reverts = [p for p in pulls if p["title"].startswith("Revert ")]
    assert len(reverts) > 60
    for revert in reverts:
        reverted = by_key[revert["body"].split()[1]]
        assert revert["title"] == f'Revert "{reverted["title"]}"'
        assert reverted["merged_at"] < revert["created_at"]


def test_fixes_name_what_they_fix_in_three_ways(year):
    pulls = [pull for path in year["github-pulls"] for pull in json.loads(path.read_text())]
    merges = {p["merge_commit_sha"]: p for p in pulls if p["merged_at"]}
    fixes = [p for p in pulls if "bug" in {label["name"] for label in p["labels"]}]
    named = [re.match(r"Fixes(: [0-9a-f]{40}| quillhaven/| #)", p["body"]).group(1) for p in fixes]
    ways = Counter(name[:2] for name in named)
    assert set(ways) == {": ", " q", " #"}
    assert min(ways.values()) > 50
    assert all(name[2:] in merges for name in named if name.startswith(": "))


def test_support_output_dips_when_its_assistant_arrives_and_ends_cheaper(year):
    resolved, cost = {}, {}
    for tickets, log in zip(year["helpdesk-tickets"], year["gateway"], strict=True):
        month = tickets.parent.name
        done = {r["external_id"] for r in rows(tickets) if r["state"] == "resolved"}
        spent = sum(Decimal(r["list_cost"]) for r in rows(log) if r["ticket"])
        resolved[month], cost[month] = len(done), spent * RESELLER_PAYS / len(done)
    assert resolved["2026-06"] < Decimal("0.85") * resolved["2026-04"]
    assert resolved["2026-10"] > Decimal("1.4") * resolved["2026-04"]
    assert cost["2026-05"] > Decimal("1.6") * cost["2026-04"]
    assert cost["2026-10"] < Decimal("0.8") * cost["2026-04"]
    assert all(1 < unit_cost < 4 for unit_cost in cost.values())


def test_shared_key_grows_and_belongs_to_nobody(year):
    by_month = [
        sum(list_cost_of_messages(r) for _, r in results(path) if r["api_key_id"] == SHARED_KEY)
        for path in year["anthropic-messages-usage"]
    ]
    assert by_month[10] > 3 * by_month[0]
    assert SHARED_KEY not in year["people"][0].read_text()
    assert all(SHARED_KEY not in path.read_text() for path in year["coding-sessions"])


def test_sales_wins_too_few_deals_for_a_verdict(year):
    states = Counter(r["state"] for path in year["crm-deals"] for r in rows(path))
    assert states == {"won": 9, "abandoned": 5, "open": 4}


def test_people_move_join_and_leave_during_the_year(year):
    people = rows(year["people"][0])
    stays = Counter(row["email"] for row in people)
    assert len(stays) == 120
    moved = [email for email, count in stays.items() if count == 2]
    assert len(moved) == 5
    assert sum(row["valid_to"] != "" and row["email"] not in moved for row in people) == 1
    leaver = next(r for r in people if r["valid_to"] and r["email"] not in moved)
    for log in year["gateway"] + year["coding-sessions"]:
        used = [r["occurred_at"] for r in rows(log) if r["person"] == leaver["email"]]
        assert all(moment < leaver["valid_to"] for moment in used)


def test_the_company_gets_its_bills_in_the_forms_of_seven_vendors(year):
    deliveries = {source.connector for source in SOURCES}
    assert deliveries > {
        "anthropic", "openai", "github_copilot", "cursor", "aws", "gcp", "focus",
    }  # fmt: skip
    assert all(len(year[name]) == 12 for name in ("aws-cur2", "openai-costs", "copilot-ai-usage"))


def test_cursor_counts_every_token_of_an_event_once(year):
    for row in (row for path in year["cursor-usage-events"] for row in rows(path)):
        parts = ("Input (w/ Cache Write)", "Input (w/o Cache Write)", "Cache Read", "Output Tokens")
        assert sum(int(row[name]) for name in parts) == int(row["Total Tokens"])


def test_copilot_sells_credits_since_june_and_takes_the_quota_off(year):
    lines = [row for path in year["copilot-ai-usage"] for row in rows(path)]
    for row in lines:
        is_credit = row["date"] >= "2026-06-01"
        assert (row["unit_type"] == "ai-credits") == is_credit
        gross, off, net = (Decimal(row[f"{n}_amount"]) for n in ("gross", "discount", "net"))
        assert gross == off + net
        assert gross == Decimal(row["quantity"]) * Decimal(row["applied_cost_per_quantity"])


def test_the_year_is_lean(year):
    logged = sum(len(rows(path)) for path in year["coding-sessions"] + year["gateway"])
    reported = sum(len(results(path)) for path in year["anthropic-messages-usage"])
    pulls = sum(len(json.loads(path.read_text())) for path in year["github-pulls"])
    assert logged + reported < 60_000
    assert pulls < 10_000
