"""Whatever happens to the facts, in whatever order: settling the changes equals settling all.

And both equal the method as `tests.oracle` tells it. OUTLAY_HISTORIES sets how many histories
the fast run lives through (10,000 by hand: about three hours); the slow run adds 500.
"""

import os
import random
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from finops.attribution.models import Allocation, Cell
from finops.attribution.settle import settle
from finops.attribution.verify import books
from finops.ledger.models import Charge, Slice
from finops.people.models import Identity, Membership
from tests import facts, oracle

pytestmark = pytest.mark.django_db

PEOPLE = ("ann", "bob", "cy")
TEAMS = ("core", "data")
OCTOBER = tuple(f"2026-10-{day:02d}" for day in (1, 2, 3, 8, 9, 29, 30))
DAYS = (*OCTOBER, "2026-11-01", "2026-11-02")
MODELS = ("m1", "m2")
REPOS = ("a/x", "a/y", "")


def bill_a_day(chance: random.Random) -> None:
    """A day's bill, perhaps a restatement of an earlier one."""
    day = chance.choice(DAYS)
    part = facts.deliver(
        facts.source(chance.choice(("bill", "other"))), "charge", f"bill:{day}", day, day
    )
    for line in range(2, chance.randint(3, 6)):
        facts.charge(
            part, day, chance.choice((0, 1, 7, 10**9 + 1, -333)), line=line, provider=part.source.key,
            model=chance.choice((*MODELS, "")), meter=chance.choice(("", "input")),
            sub_account_id=chance.choice(("", "w1", "w2")),
            charge_category=chance.choice(("Usage", "Usage", "Usage", "Credit")),
            actor=chance.choice(("", "ann@acme.test", "cy@acme.test")),
            pr=chance.choice(("", "", "a/x#1", "a/x#2;a/x#3")),
            team=chance.choice(("", "", "core")), is_shared=chance.random() < 0.1,
            tags=chance.choice((None, None, {"env": "prod"})),
        )  # fmt: skip


def log_a_day(chance: random.Random) -> None:
    """A day of one of two logs; both may speak of the same calls."""
    day, which = chance.choice(DAYS), chance.choice(("bill", "gateway"))
    part = facts.deliver(facts.source(which), "usage", f"log:{day}", day, day, which)
    for line in range(2, chance.randint(3, 7)):
        tokens = chance.choice((1, 10, 333))
        facts.usage(
            part, day, line=line, provider="bill", model=chance.choice(MODELS), input_tokens=tokens,
            list_cost=chance.choice((None, Decimal(tokens) / 7)),
            input_list_cost=chance.choice((None, Decimal(tokens))),
            billing_scope=chance.choice(("", "bill", "bill/w1", "bill/w2")),
            actor=chance.choice(("", *(f"{p}@acme.test" for p in PEOPLE))),
            api_key=chance.choice(("", "k1")), repo=chance.choice(REPOS), session=chance.choice(("", "s1", "s2")),
            ticket=chance.choice(("", "", "tck-1")),
        )  # fmt: skip


def change_an_item(chance: random.Random) -> None:
    number = chance.randint(1, 5)
    state = chance.choice(("done", "done", "open", "abandoned", "reopened"))
    facts.item(
        f"a/x#{number}", state=state, started=chance.choice((None, *DAYS[:4])), ended=chance.choice(DAYS[3:]),
        people=tuple(chance.sample(PEOPLE, chance.randint(0, 2))), repo=chance.choice(REPOS),
        keys={f"pr:a/x#{number}": 1, **({"session:s1": chance.choice((1, 80))} if chance.random() < 0.4 else {})},
        links={f"a/x#{chance.randint(1, 5)}": chance.choice(("reverts", "fixes"))} if chance.random() < 0.4 else None,
        team=facts.team("data") if chance.random() < 0.2 else None,
    )  # fmt: skip


def change_a_ticket(chance: random.Random) -> None:
    facts.item(
        "TCK-1", kind="ticket", ended=chance.choice(DAYS), people=("bob",), keys={"ticket:tck-1": 1}
    )
    pull = facts.item("a/x#6", ended=DAYS[4], people=("cy",), keys={"pr:a/x#6": 1})
    if chance.random() < 0.5:
        pull.links.create(
            link_type="closes", target_kind="ticket", target_key="tck-1", evidence="text"
        )


def move_a_person(chance: random.Random) -> None:
    who = facts.person(chance.choice(PEOPLE))
    Membership.objects.filter(person=who).delete()
    if chance.random() < 0.8:
        Membership.objects.create(
            person=who,
            team=facts.team(chance.choice(TEAMS)),
            valid_from=chance.choice((None, DAYS[2])),
        )


def hand_over_a_key(chance: random.Random) -> None:
    Identity.objects.filter(namespace="api_key").delete()
    owner = chance.choice(("person", "team", "shared", "nobody"))
    if owner == "person":
        Identity.objects.create(namespace="api_key", external_id="k1", person=facts.person("bob"))
    elif owner != "nobody":
        Identity.objects.create(
            namespace="api_key",
            external_id="k1",
            team=facts.team("core"),
            is_shared=owner == "shared",
        )
    facts.dirty("actor", "api_key:k1")


CONDITIONS: tuple[list[dict[str, Any]], ...] = (
    [{"field": "api_key", "op": "is", "values": ["k1"]}],
    [{"field": "team", "op": "is", "values": ["core"]}],
    [{"field": "model", "op": "starts_with", "values": ["M1"]}],
    [
        {"field": "actor", "op": "is_empty"},
        {"field": "sub_account_id", "op": "is_not", "values": ["w2"]},
    ],
    [{"field": "charge_category", "op": "is", "values": ["Credit"]}],
    [{"field": "tag:env", "op": "is_set"}],
    [{"field": "team", "op": "is_empty"}],
    [{"field": "meter", "op": "is_empty"}, {"field": "api_key", "op": "is_empty"}],
)
WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("team", {"data": 1}), ("even", {"core": 1, "data": 1, "ops": 1}), ("fixed", {"core": "33.3", "ops": "66.7"}),
    ("direct", {}), ("direct", {"core": 1, "ops": 1}), ("usage", {}), ("usage", {"data": 1}),
    ("reciprocal", {"core>data": 20, "core>ops": 80, "data>core": 10, "data>ops": 90}),
)  # fmt: skip


def change_the_rules(chance: random.Random) -> None:
    number = chance.randint(1, 3)
    if chance.random() < 0.2:
        facts.withdraw(number)
        return
    method, shares = chance.choice(WAYS)
    facts.rule(
        method, chance.choice(CONDITIONS), shares, number=number, position=chance.randint(1, 3),
        valid_from=chance.choice((None, None, None, DAYS[2])), valid_to=chance.choice((None, None, None, DAYS[6])),
    )  # fmt: skip


def switch_the_feed(chance: random.Random) -> None:
    part = chance.choice(
        [*Slice.objects.filter(table="charge").select_related("billing_scope"), None]
    )
    if part and part.billing_scope:
        part.billing_scope.feed = facts.source(chance.choice(("bill", "other")))
        part.billing_scope.save()
        for slice_id in Slice.objects.filter(billing_scope=part.billing_scope).values_list(
            "id", flat=True
        ):
            facts.dirty("slice", slice_id)


EVENTS: tuple[Callable[[random.Random], None], ...] = (
    bill_a_day, bill_a_day, bill_a_day, log_a_day, log_a_day, change_an_item, change_an_item, change_a_ticket,
    move_a_person,
    hand_over_a_key, switch_the_feed, change_the_rules, change_the_rules,
)  # fmt: skip


def live(seed: int) -> None:
    """One history: events, settled now and then, then compared with settling everything."""
    chance = random.Random(seed)
    if chance.random() < 0.7:  # else nobody is known until something says so
        for name, home in zip(PEOPLE, ("core", "data", "ops"), strict=True):
            facts.person(name, home)
    for _ in range(chance.randint(3, 6)):
        for _ in range(chance.randint(1, 4)):
            chance.choice(EVENTS)(chance)
        settle(now=timezone.now())
    grown = facts.derived()
    settle(full=True, now=timezone.now())
    anew = facts.derived()
    for table, rows in anew.items():
        assert grown[table] == rows, f"history {seed}: {table} differs"
    assert_conserved(seed)
    assert settled() == oracle.answer(), f"history {seed}: the method says otherwise"
    if seed % 10 == 0:
        assert_proven(seed)


def assert_proven(seed: int) -> None:
    """What verify_books asks of everything that settle makes (the facts here come from no file)."""
    made = (
        "cells",
        "allocations",
        "rollups",
        "history",
        "conserved",
        "coarser",
        "evidence",
        "names",
        "bills",
    )
    for check in books.OF_THE_BOOKS:
        if check.__module__.rpartition(".")[2] in made:
            found = list(check())
            assert found == [], f"history {seed}: {found[:3]}"


def settled() -> oracle.Answer:
    """What settle made, in the oracle's terms."""
    answer: oracle.Answer = {}
    for row in Allocation.objects.select_related("cell"):
        place = (row.tier, row.reason, row.item_id, row.team_id)
        key = (row.cell.charge_id, row.cell.usage_id, *place)
        answer[key] = answer.get(key, 0) + row.billed_nanos
    return {key: nanos for key, nanos in answer.items() if nanos}


def assert_conserved(seed: int) -> None:
    booked = sum(
        charge.billed_nanos
        for charge in Charge.objects.filter(slice__superseded_at__isnull=True).select_related(
            "slice__billing_scope"
        )
        if (scope := charge.slice.billing_scope)
        and (scope.feed_id, scope.feed_document) == (charge.slice.source_id, charge.slice.document)
    )
    cells = list(Cell.objects.all())
    assert booked == sum(cell.billed_nanos for cell in cells if not cell.is_provisional), (
        f"history {seed}"
    )
    assert sum(cell.billed_nanos for cell in cells) == sum(
        a.billed_nanos for a in Allocation.objects.all()
    )


def histories() -> int:
    return int(os.environ.get("OUTLAY_HISTORIES", "100"))


@pytest.mark.parametrize("seed", range(histories()))
def test_settling_changes_equals_settling_everything(seed: int) -> None:
    live(seed)


@pytest.mark.slow
@pytest.mark.parametrize("block", range(20))
def test_many_histories(block: int) -> None:
    for seed in range(1000 + block * 25, 1000 + (block + 1) * 25):
        with transaction.atomic():
            live(seed)
            transaction.set_rollback(True)
