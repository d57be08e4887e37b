"""Billed outcomes: the vendor's object ties the money exactly, and a deduction takes it off again."""

from decimal import Decimal

import pytest

from finops.attribution.models import Allocation
from finops.attribution.verify.books import verify
from finops.ledger.models import Charge
from finops.outcomes.models import WorkItem
from tests.commands import settle
from tests.loading import give
from tests.mapped import mapped

pytestmark = pytest.mark.django_db
HEADER = "vendor,object_id,object_type,occurred_at,amount,currency\n"


def load(*lines: str, name: str = "r.csv", **more):
    return give("resolutions_csv", (HEADER + "\n".join(lines) + "\n").encode(), name, **more)


def done(kind: str, key: str) -> None:
    line = f"kind,external_id,state,occurred_at\n{kind},{key},done,2026-09-03T12:00:00Z\n"
    give("outcomes_csv", line.encode(), f"{kind}-{key}.csv")


@pytest.mark.parametrize(
    ("vendor", "kind", "key"),
    [
        ("Intercom", "conversation", "CONV-77"),
        ("HubSpot", "conversation", "9001"),
        ("Salesforce", "conversation", "0Mw5"),
        ("Zendesk", "ticket", "4711"),
        ("ServiceNow", "ticket", "INC001"),
    ],
)
def test_an_outcome_is_tied_to_its_object_exactly(vendor, kind, key):
    done(kind, key)
    load(f"{vendor},{key.title()},,2026-09-03T10:00:00Z,0.99,USD")
    settle()
    (one,) = Allocation.objects.all()
    assert one.item_id == WorkItem.objects.get().id
    assert one.tier.startswith("A")
    assert one.billed_nanos == 990_000_000
    assert [str(v) for v in verify().violations] == []


def test_a_resolution_that_is_taken_back_in_a_later_month_costs_nothing_in_the_end():
    done("conversation", "c-1")
    load("Intercom,c-1,,2026-09-03T10:00:00Z,0.99,USD", name="september.csv")
    load("Intercom,c-1,,2026-10-02T10:00:00Z,-0.99,USD", name="october.csv")
    settle()
    assert {row.item_id for row in Allocation.objects.all()} == {WorkItem.objects.get().id}
    assert sum(row.billed_nanos for row in Allocation.objects.all()) == 0
    assert Charge.objects.get(billed_cost__lt=0).charge_class == "Correction"


def test_an_unknown_vendor_says_what_its_outcomes_are_reached_on():
    imp = load("Botco,1,,2026-09-03,1,USD")
    assert imp.state == "refused"
    assert imp.errors[0]["expected"] == "ticket, conversation or deal"
    assert load("Botco,1,ticket,2026-09-03,1,USD").state == "loaded"


def test_an_amount_is_of_the_line_and_never_multiplied(tmp_path):
    content = "vendor,object_id,occurred_at,amount,currency,quantity\nServiceNow,INC1,2026-09-03,5,USD,3\n"
    (row,) = mapped("resolutions_csv", content.encode(), tmp_path)
    assert (row["billed_cost"], row["consumed_quantity"]) == ("5", "3")


def test_a_month_is_replaced_as_a_whole():
    load("Intercom,1,,2026-09-03,1,USD", "Intercom,2,,2026-09-04,1,USD")
    load("Intercom,1,,2026-09-03,1,USD", "Intercom,2,,2026-09-04,1.5,USD", name="again.csv")
    active = Charge.objects.filter(slice__superseded_at=None)
    assert sum(row.billed_cost for row in active) == Decimal("2.5")


def test_a_period_of_its_own_is_kept(tmp_path):
    content = (
        "vendor,object_id,occurred_at,amount,currency,billing_period_start,billing_period_end\n"
        "Intercom,1,2026-09-20,1,USD,2026-09-15,2026-10-15\n"
    )
    (row,) = mapped("resolutions_csv", content.encode(), tmp_path)
    assert (row["billing_period_start"], row["billing_period_end"]) == ("2026-09-15", "2026-10-15")


def test_the_same_list_twice_changes_nothing():
    first = load("Intercom,1,,2026-09-03,1,USD")
    again = load("Intercom,1,,2026-09-03,1,USD")
    assert (again.state, again.duplicate_of) == ("duplicate", first)
