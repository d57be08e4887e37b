"""What settle makes of facts: cells, tiers, pools and fates."""

import json
from decimal import Decimal

import pytest
from django.utils import timezone

from finops.attribution.models import Cell, ItemFate, ItemTeam, SettleRun, SpendDay
from finops.attribution.settle import settle
from finops.ledger.models import Slice
from finops.outcomes.models import WorkItem
from finops.people.models import Identity, Organisation, Team
from tests import facts
from tests.samples import shared

pytestmark = pytest.mark.django_db


def run(*, full: bool = False) -> SettleRun:
    return settle(full=full, now=timezone.now())


@pytest.fixture
def bill() -> Slice:
    return facts.deliver(facts.source("bill"), "charge", "bill:2026-10", "2026-10-01", "2026-10-31")


def test_the_worked_month_reaches_every_target_to_the_nano(bill: Slice) -> None:
    month = json.loads(shared("attribution_examples.json").read_text())["waterfall_E8"]
    for name, slug in (("alice", "core"), ("bob", "core"), ("sue", "support")):
        facts.person(name, slug)
    facts.team("sales")
    for number, cell in enumerate(month["inputs"]["cells"]):
        book_example(bill, number, cell)
    facts.charge(bill, "2026-10-31", -169 * 10**7, line=99, charge_category="Credit")
    for work in month["inputs"]["items"]:
        example_item(work)
    run()
    found = facts.money_by_target()
    assert found.pop("pool:core") == 1000 * 10**7
    assert found.pop("pool:support") == 3333 * 10**7
    assert found.pop("shared") == 3831 * 10**7
    assert found == {
        "PR-1": 123_450_000_000, "PR-2": 29_667_000_000, "PR-3": 28_113_000_000, "PR-4": 25_000_000_000,
        "PR-5": 19_990_000_000, "TCK-9": 600_000_000, "no_identity": 2_500_000_000,
        "no_outcome_in_period": 4_040_000_000,
    }  # fmt: skip
    tiers: dict[str, int] = {}
    for row in SpendDay.objects.all():
        tiers[row.tier] = tiers.get(row.tier, 0) + row.billed_nanos // 10**7
    assert tiers == month["by_tier"]


def book_example(bill: Slice, number: int, cell: dict[str, str]) -> None:
    def name(key: str) -> str:
        return cell.get(key, "").split(":")[-1].lower()

    facts.charge(
        bill, cell["at"], int(cell["amount"]) * 10**7, line=number + 2,
        actor=f"{cell['person']}@acme.test" if "person" in cell else "", repo=name("repo"), pr=name("pr"),
        session=name("session"), ticket=name("ticket"), team=name("team"), is_shared="shared" in cell,
    )  # fmt: skip


def example_item(work: dict[str, str]) -> None:
    kind = "ticket" if work["id"].startswith("TCK") else "pull_request"
    keys = {name.lower(): weight for name, weight in dict(work["keys"]).items()}
    facts.item(
        work["id"], kind=kind, state=work["state"], started=work["started"], ended=work["ended"],
        people=tuple(work["people"]), keys=keys, repo=work["repo"] or "",
    )  # fmt: skip


def test_a_charge_is_split_over_the_usage_of_its_meter_by_list_cost(bill: Slice) -> None:
    log = facts.deliver(bill.source, "usage", "log:1", "2026-10-05", "2026-10-05")
    common = {"model": "m1", "sub_account_id": "w1", "list_cost": Decimal(1)}
    for key, tokens in (("k1", 300), ("k2", 700)):
        facts.usage(
            log,
            "2026-10-05",
            api_key=key,
            input_tokens=tokens,
            input_list_cost=Decimal(tokens),
            **common,
        )
    facts.charge(bill, "2026-10-05", 1_000_000_001, meter="input", model="m1", sub_account_id="w1")
    facts.charge(bill, "2026-10-05", 500, line=3, model="m1", sub_account_id="another")
    run()
    cells = Cell.objects.order_by("api_key").values_list("api_key", "billed_nanos")
    assert list(cells) == [("", 500), ("k1", 300_000_000), ("k2", 700_000_001)]


def test_logs_of_one_scope_are_never_added(bill: Slice) -> None:
    report = facts.deliver(bill.source, "usage", "report:5", "2026-10-05", "2026-10-05", "report")
    facts.usage(
        report, "2026-10-05", api_key="k1", model="m1", input_tokens=1000, list_cost=Decimal(10)
    )
    gateway = facts.deliver(
        facts.source("gateway"), "usage", "log:1", "2026-10-05", "2026-10-05", "log"
    )
    facts.usage(
        gateway, "2026-10-05T09:00:00", actor="ann@acme.test", session="s1", model="m1", input_tokens=400,
        list_cost=Decimal(4), billing_scope="bill",
    )  # fmt: skip
    facts.charge(bill, "2026-10-05", 1000, model="m1")
    run()
    assert sorted(Cell.objects.values_list("session", "api_key", "billed_nanos")) == [
        ("", "k1", 600),
        ("s1", "", 400),
    ]


def test_days_without_a_bill_show_usage_at_list_price_less_the_discount_until_the_bill_comes() -> (
    None
):
    vendor = facts.source("bill", contract_discount=Decimal("0.08"))
    first = facts.deliver(vendor, "charge", "bill:05", "2026-10-05", "2026-10-05")
    facts.charge(first, "2026-10-05", 700)
    log = facts.deliver(vendor, "usage", "log:6", "2026-10-06", "2026-10-06")
    facts.usage(log, "2026-10-06", model="m1", list_cost=Decimal("1.70"))
    run()
    provisional = Cell.objects.get(is_provisional=True)
    assert provisional.billed_nanos == 1_564_000_000
    second = facts.deliver(vendor, "charge", "bill:06", "2026-10-06", "2026-10-06")
    facts.charge(second, "2026-10-06", 1_600_000_000, model="m1")
    run()
    assert not Cell.objects.filter(is_provisional=True).exists()
    assert sorted(Cell.objects.values_list("billed_nanos", flat=True)) == [700, 1_600_000_000]
    assert_as_full()


def test_a_log_that_a_seat_pays_for_is_never_provisional_money() -> None:
    log = facts.deliver(facts.source("tool"), "usage", "log:6", "2026-10-06", "2026-10-06")
    facts.usage(log, "2026-10-06", model="m1", list_cost=Decimal(2), tags={"paid_by": "seat"})
    run()
    assert not Cell.objects.exists()


def test_a_pull_request_wins_over_a_ticket_and_several_share_equally(bill: Slice) -> None:
    facts.item("A#1", ended="2026-10-05", keys={"pr:a#1": 1})
    facts.item("A#2", ended="2026-10-05", keys={"pr:a#2": 1})
    facts.item("T-1", kind="ticket", ended="2026-10-05", keys={"ticket:t-1": 1})
    facts.charge(bill, "2026-10-05", 101, pr="a#1;a#2", ticket="t-1")
    run()
    assert facts.money_by_target() == {"A#1": 51, "A#2": 50}


def test_a_tickets_money_goes_to_its_pull_requests_in_equal_parts(bill: Slice) -> None:
    facts.item("TCK-1", kind="ticket", ended="2026-10-05", keys={"ticket:tck-1": 1})
    for number in (1, 2, 3):
        pull = facts.item(f"A#{number}", ended="2026-10-06", keys={f"pr:a#{number}": 1})
        pull.links.create(
            link_type="closes", target_kind="ticket", target_key="tck-1", evidence="text"
        )
    facts.charge(bill, "2026-10-05", 300, ticket="tck-1")
    facts.charge(bill, "2026-10-05", 30, branch="feature/TCK-1-login", repo="a", line=3)
    run()
    assert facts.money_by_target() == {"A#1": 110, "A#2": 110, "A#3": 110}


def test_a_reused_branch_goes_to_the_item_whose_life_covers_the_time(bill: Slice) -> None:
    facts.item("A#1", started="2026-10-01", ended="2026-10-03", repo="a", branch="main-fix")
    facts.item("A#2", started="2026-10-10", ended="2026-10-12", repo="a", branch="main-fix")
    facts.charge(bill, "2026-10-11", 70, repo="a", branch="main-fix")
    run()
    assert facts.money_by_target() == {"A#2": 70}


def test_a_person_shares_their_day_over_the_items_open_to_them(bill: Slice) -> None:
    facts.person("ann", "core")
    facts.item("A#1", started="2026-10-01", ended="2026-10-06", people=("ann",), repo="a")
    facts.item("A#2", started="2026-10-04", state="open", people=("ann",), repo="a")
    facts.item("B#1", started="2026-10-04", ended="2026-10-06", people=("ann",), repo="b")
    facts.item("A#3", started="2026-09-01", ended="2026-09-20", people=("ann",), repo="a")
    facts.charge(bill, "2026-10-05", 100, actor="ann@acme.test", repo="a")
    run()
    assert facts.money_by_target() == {"A#1": 50, "A#2": 50}


def test_a_borrowed_engineers_money_stays_with_their_team_and_so_does_their_credit(
    bill: Slice,
) -> None:
    facts.person("ann", "core")
    facts.person("zoe", "data")
    facts.item(
        "A#1", started="2026-10-01", ended="2026-10-06", people=("ann", "zoe"), keys={"pr:a#1": 1}
    )
    facts.charge(bill, "2026-10-05", 90, actor="zoe@acme.test", pr="a#1")
    run()
    slugs = dict(Team.objects.values_list("id", "slug"))
    assert {slugs[t.team_id or 0]: t.credit_ppm for t in ItemTeam.objects.all()} == {
        "core": 500_000,
        "data": 500_000,
    }
    assert slugs[SpendDay.objects.get().team_id or 0] == "data"


def test_a_team_without_a_finished_item_in_the_month_has_no_pool(bill: Slice) -> None:
    facts.team("core")
    facts.charge(bill, "2026-10-05", 90, team="core")
    run()
    assert facts.money_by_target() == {"no_outcome_in_period": 90}
    facts.item("A#1", ended="2026-10-20", team=facts.team("core"))
    run()
    assert facts.money_by_target() == {"pool:core": 90}
    assert_as_full()


def test_shared_money_without_any_direct_cost_has_no_base(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 90, is_shared=True)
    run()
    assert facts.money_by_target() == {"no_base": 90}
    facts.charge(bill, "2026-10-06", 10, team="core", line=3)
    facts.team("core")
    facts.item("A#1", ended="2026-10-20", team=facts.team("core"))
    facts.dirty("slice", bill.pk)
    run()
    assert facts.money_by_target() == {"shared": 90, "pool:core": 10}
    assert_as_full()


def test_shared_money_that_comes_later_joins_what_has_no_base(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 90, is_shared=True)
    run()
    other = facts.deliver(bill.source, "charge", "bill:more", "2026-10-05", "2026-10-05")
    facts.charge(other, "2026-10-05", 7, is_shared=True)
    run()
    assert [row.billed_nanos for row in SpendDay.objects.all()] == [97]
    assert_as_full()


def test_what_was_reverted_redone_or_dropped_is_told_from_what_stands(bill: Slice) -> None:
    facts.item("A#1", ended="2026-10-01")
    facts.item("A#2", ended="2026-10-03", links={"A#1": "reverts"})
    facts.item("A#3", ended="2026-10-01")
    facts.item("A#4", ended="2026-10-08", links={"A#3": "fixes"})
    facts.item("A#5", ended="2026-10-30", links={"A#3": "fixes"})  # later than 14 days: new work
    facts.item("A#6", state="abandoned", ended="2026-10-05")
    facts.item("A#7", state="open", started="2026-10-05")
    run()
    names = dict(WorkItem.objects.values_list("id", "external_id"))
    assert {names[f.item_id]: f.fate for f in ItemFate.objects.all()} == {
        "A#1": "reverted", "A#2": "rework", "A#3": "value", "A#4": "rework", "A#5": "value",
        "A#6": "abandoned", "A#7": "in_progress",
    }  # fmt: skip


def test_a_reverted_revert_brings_the_work_back() -> None:
    facts.item("A#1", ended="2026-10-01")
    facts.item("A#2", ended="2026-10-02", links={"A#1": "reverts"})
    facts.item("A#3", ended="2026-10-03", links={"A#2": "reverts"})
    run()
    first = WorkItem.objects.get(external_id="A#1")
    assert ItemFate.objects.get(item_id=first.pk).fate == "value"


def test_a_key_nobody_owns_is_unattributed_until_somebody_claims_it(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 90, api_key="K7")
    run()
    assert facts.money_by_target() == {"no_identity": 90}
    Identity.objects.create(namespace="api_key", external_id="K7", team=facts.team("core"))
    facts.dirty("actor", "api_key:K7")
    facts.item("A#1", ended="2026-10-20", team=facts.team("core"))
    run()
    assert facts.money_by_target() == {"pool:core": 90}
    assert_as_full()


def test_money_without_a_rate_stays_in_its_own_currency(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 90, billing_currency="EUR")
    run()
    row = SpendDay.objects.get()
    assert (row.currency, row.billed_nanos, row.reporting_billed_nanos) == ("EUR", 90, None)


def test_excluded_money_is_counted_and_tied_to_nothing(bill: Slice) -> None:
    facts.item("A#1", ended="2026-10-05", keys={"pr:a#1": 1})
    facts.charge(bill, "2026-10-05", 90, pr="a#1", is_excluded=True)
    run()
    assert facts.money_by_target() == {"excluded": 90}


def test_settling_again_changes_nothing(bill: Slice) -> None:
    facts.charge(bill, "2026-10-05", 90)
    run()
    before = facts.derived()
    assert run().cells == 0
    assert facts.derived() == before
    assert Organisation.objects.count() == 1


def assert_as_full() -> None:
    """The books that grew by changes equal the books made anew."""
    grown = facts.derived()
    run(full=True)
    assert facts.derived() == grown
