"""Settle while others write, settle and read: every state that can be seen is a whole one."""

import random
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, Self

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from psycopg.errors import DeadlockDetected, SerializationFailure

from finops.attribution import settle as settling
from finops.attribution.models import Cell, Dirty, SpendDay
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from tests import facts
from tests.bills import bill
from tests.breaking import found
from tests.loading import give

pytestmark = pytest.mark.django_db(transaction=True)

DAYS = [f"2026-10-{day:02d}" for day in range(1, 8)]
# Facts written by hand have no file, and their slices do not say what they hold.
OF_FILES = {"slice_rows", "slice_total", "slice_nanos", "usage_lines", "import_file",
            "import_rows", "import_slice_rows"}  # fmt: skip


def in_a_thread(do: Callable[..., Any], *args: Any) -> Any:
    """Do it on a connection of its own and return what it returns."""

    def task() -> Any:
        try:
            return do(*args)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(task).result(60)


# --- two settles over the same days ---------------------------------------------------------


def restate_and_settle(name: str, rounds: int) -> None:
    """Bill and log of one account, some days of it anew each round, and a settle after each."""
    chance = random.Random(name)
    try:
        for turn in range(rounds):
            first, last = sorted(chance.sample(DAYS, 2))
            with transaction.atomic():
                part = facts.deliver(facts.source(name), "charge", first, first, last)
                for line in range(2, 5):
                    day = chance.choice((first, last))
                    facts.charge(part, day, chance.randint(-9, 99), line=line, model="m",
                                 actor="ann@acme.test", provider_name="Vendor")  # fmt: skip
                log = facts.deliver(facts.source("gateway" + name), "usage", first, first, last)
                facts.usage(log, first, model="m", input_tokens=turn + 1, billing_scope=name,
                            actor="ann@acme.test", pr="a/x#1")  # fmt: skip
                # Both touch the same person's work, so the same days, teams and items.
                facts.dirty("actor", "email:ann@acme.test")
            settle(now=timezone.now())
    finally:
        connection.close()


def settle_from_two_sides(rounds: int) -> None:
    facts.person("ann", "core")
    facts.item("a/x#1", ended="2026-10-05", people=("ann",), keys={"pr:a/x#1": 1})
    with ThreadPoolExecutor(2) as pool:
        sides = [pool.submit(restate_and_settle, name, rounds) for name in ("one", "two")]
        for side in sides:
            side.result(600)  # raises what a settle raised
    settle(now=timezone.now())
    assert not Dirty.objects.exists()
    assert found().keys() - OF_FILES == set()
    kept = facts.derived()
    settle(full=True, now=timezone.now())
    assert facts.derived() == kept


def test_two_settles_over_the_same_days_come_to_the_same_end_as_one():
    settle_from_two_sides(rounds=6)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_two_settles_over_the_same_days_two_hundred_times():
    settle_from_two_sides(rounds=200)


@pytest.mark.parametrize("kind", [DeadlockDetected, SerializationFailure])
def test_a_settle_that_met_another_writer_begins_again(kind, monkeypatch):
    really_begin, trouble = settling._begin, [kind("met"), kind("met again")]

    def begin() -> None:
        really_begin()
        if trouble:
            raise OperationalError("met") from trouble.pop()

    monkeypatch.setattr(settling, "_begin", begin)
    facts.dirty("rules", 1)
    settle(now=timezone.now())
    assert trouble == []
    assert not Dirty.objects.exists()


def test_another_fault_of_the_database_is_not_tried_again(monkeypatch):
    tries: list[int] = []

    def begin() -> None:
        tries.append(1)
        raise OperationalError("disk full")

    monkeypatch.setattr(settling, "_begin", begin)
    with pytest.raises(OperationalError):
        settle(now=timezone.now())
    assert tries == [1]


# --- a rule edited meanwhile ----------------------------------------------------------------

KEY = [{"field": "api_key", "op": "is", "values": ["k1"]}]
STEPS = ("begin", "rules", *settling.AFTER_CHANGES)


@contextmanager
def just_before(step: str, do: Callable[[], None], monkeypatch: Any) -> Iterator[None]:
    """Do something in another session just before settle comes to this step, once."""
    waiting = [do]

    def first() -> None:
        if waiting:
            in_a_thread(waiting.pop())

    real_step, real_begin, real_rules = settling._step, settling._begin, settling.lay_out_rules

    def stepping(*names: str) -> None:
        for name in names:
            if name == step:
                first()
            real_step(name)

    def begin() -> None:
        if step == "begin":
            first()
        real_begin()

    def rules() -> Any:
        if step == "rules":
            first()
        return real_rules()

    with monkeypatch.context() as patch:
        patch.setattr(settling, "_step", stepping)
        patch.setattr(settling, "_begin", begin)
        patch.setattr(settling, "lay_out_rules", rules)
        yield
    assert not waiting


def edit_a_rule_before(step: str, monkeypatch: Any) -> None:
    """Yesterday's money follows version 1. Today's comes, and the rule is edited as it settles."""
    facts.team("core")
    facts.team("data")
    part = facts.deliver(facts.source("bill"), "charge", "a", DAYS[0], DAYS[0])
    facts.charge(part, DAYS[0], 900, api_key="k1")
    old = facts.rule("team", KEY, {"core": 1})
    settle(now=timezone.now())
    part = facts.deliver(facts.source("bill"), "charge", "b", DAYS[1], DAYS[1])
    facts.charge(part, DAYS[1], 100, api_key="k1")

    def edit() -> None:
        with transaction.atomic():
            facts.rule("team", KEY, {"data": 1}, number=old.number)

    with just_before(step, edit, monkeypatch):
        settle(now=timezone.now())
    new = facts.AllocationRule.objects.get(superseded_at=None)
    teams = {old.pk: facts.team("core").pk, new.pk: facts.team("data").pk}
    followed = set(Cell.objects.values_list("rule_id", "team_id"))
    assert followed in ({(old.pk, teams[old.pk])}, {(new.pk, teams[new.pk])}), step
    assert set(SpendDay.objects.values_list("team_id", flat=True)) == {next(iter(followed))[1]}
    settle(now=timezone.now())
    assert set(Cell.objects.values_list("rule_id", "team_id")) == {(new.pk, teams[new.pk])}
    assert found().keys() - OF_FILES == set()


@pytest.mark.parametrize("step", ["begin", "rules", "45_cells"])
def test_a_rule_edited_while_its_settle_runs_counts_whole_or_not_yet(step, monkeypatch):
    edit_a_rule_before(step, monkeypatch)


@pytest.mark.slow
@pytest.mark.parametrize("step", STEPS)
def test_a_rule_edited_before_any_step_counts_whole_or_not_yet(step, monkeypatch):
    edit_a_rule_before(step, monkeypatch)


# --- a reader meanwhile ---------------------------------------------------------------------


class Poller:
    """Reads the same figure again and again in a thread of its own; keeps what it saw."""

    def __init__(self, read: Callable[[], Any]) -> None:
        self.read = read
        self.seen: list[Any] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._poll)

    def _poll(self) -> None:
        try:
            while not self._stop.wait(0.002):
                self.seen.append(self.read())
        finally:
            connection.close()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(20)


def booked() -> tuple[Any, ...]:
    """What bills book, what pages sum, by one statement each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(billed_nanos), 0), count(*) FROM ledger_charge c"
            " JOIN ledger_slice s ON s.id = c.slice_id AND s.superseded_at IS NULL"
        )
        ledger = cursor.fetchone()
        cursor.execute(
            "SELECT (SELECT coalesce(sum(billed_nanos), 0) FROM attribution_spendday),"
            " (SELECT coalesce(sum(billed_nanos), 0) FROM attribution_teamday),"
            " (SELECT coalesce(sum(billed_nanos), 0) FROM attribution_spendmonth),"
            " (SELECT coalesce(sum(billed_nanos), 0) FROM attribution_cell),"
            " (SELECT coalesce(sum(billed_nanos), 0) FROM attribution_allocation)"
        )
        return ledger, cursor.fetchone()


def test_a_reader_sees_the_books_before_or_after_a_load_and_its_settle_never_between():
    give("focus", bill(*["1"] * 300))
    settle(now=timezone.now())
    before = booked()
    with Poller(booked) as poller:
        give("focus", bill(*["2"] * 3000))
        settle(now=timezone.now())
    after = booked()
    ledgers = {ledger for ledger, _ in poller.seen}
    sums = {page for _, page in poller.seen}
    assert ledgers == {before[0], after[0]}
    assert sums <= {before[1], after[1]}
    assert len(poller.seen) > 20
    assert before[1] == (300 * 10**9,) * 5
    assert after[1] == (6000 * 10**9,) * 5
    assert verify().ok
