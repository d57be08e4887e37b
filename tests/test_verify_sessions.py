"""The proof on two sessions: they see one moment, find the same, and fail as one."""

import threading
from collections.abc import Iterator

import pytest
from django.db import connection, transaction

from finops.attribution.models import SpendDay
from finops.attribution.settle import settle
from finops.attribution.verify.books import verify
from finops.attribution.verify.fingerprints import new_seed, table_prints
from finops.attribution.verify.sessions import Check, begin_snapshot, on_one_snapshot
from finops.attribution.verify.violation import Violation, differ
from finops.ledger.models import Source
from tests import facts

ROUNDS = 40  # of weights; a chance to miss of one in three would pass once in 10 million times


def proof(*checks: Check) -> list[Violation]:
    with transaction.atomic():
        begin_snapshot()
        return on_one_snapshot(checks)


def own_session() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return int(pid)


def in_another_session(book: threading.Thread) -> None:
    book.start()
    book.join(timeout=20)


def book_a_source() -> None:
    try:
        facts.source("meanwhile")
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_two_sessions_see_the_moment_at_which_the_proof_began():
    facts.source("before")
    booked = threading.Thread(target=book_a_source)
    both_here = threading.Barrier(2, action=lambda: in_another_session(booked))

    def look() -> Iterator[Violation]:
        both_here.wait(timeout=30)
        yield differ("look", "sources", str(own_session()), 1, Source.objects.count())

    found = proof(look, look)
    assert len({violation.where for violation in found}) == 2
    assert [violation.found for violation in found] == ["1", "1"]
    assert Source.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_what_is_found_comes_in_the_order_of_the_checks():
    def named(name: str, waits: float) -> Check:
        def check() -> Iterator[Violation]:
            threading.Event().wait(waits)
            yield differ(name, "", "", 0, 1)

        return check

    found = proof(named("slow", 0.2), named("quick", 0), named("last", 0))
    assert [violation.check for violation in found] == ["slow", "quick", "last"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("in_first", [True, False])
def test_a_check_that_breaks_in_either_session_breaks_the_proof(in_first):
    both_here = threading.Barrier(2)
    first = threading.get_ident()

    def check() -> Iterator[Violation]:
        both_here.wait(timeout=30)
        if (threading.get_ident() == first) == in_first:
            raise ArithmeticError("no sum")
        yield differ("held", "", "", 0, 0)

    with pytest.raises(ArithmeticError, match="no sum"):
        proof(check, check)


@pytest.mark.django_db(transaction=True)
def test_two_sessions_find_what_one_finds():
    of = facts.source("acme")
    facts.charge(facts.deliver(of, "charge", "b", "2026-10-01", "2026-10-01"), "2026-10-01", 9_000)
    settle(now=facts.at("2026-11-01"))
    SpendDay.objects.update(billed_nanos=8_999)
    two = verify().violations
    with transaction.atomic():  # what this transaction wrote another could not see: one session
        one = verify().violations
    assert two == one
    assert {"spend_day", "day_vendor"} <= {violation.check for violation in two}


@pytest.mark.django_db
def test_groups_that_swapped_a_column_have_other_fingerprints():
    """Equal amounts, so that only how the columns stand together tells them apart."""
    for table, rows in (("straight", "(1, 'a'), (2, 'b')"), ("swapped", "(1, 'b'), (2, 'a')")):
        with connection.cursor() as cursor:
            cursor.execute(
                f"CREATE TEMP TABLE {table} ON COMMIT DROP AS SELECT date '2026-10-01' AS day,"
                " team, model, 5::bigint AS billed_nanos, 5::bigint AS effective_nanos,"
                " 5::bigint AS reporting_billed_nanos, 5::bigint AS reporting_effective_nanos"
                f" FROM (VALUES {rows}) v (team, model)"
            )
    for _ in range(ROUNDS):
        seed = new_seed()
        straight, swapped = (
            table_prints(table, ["team", "model"], seed) for table in ("straight", "swapped")
        )
        assert straight != swapped
