"""All checks, and one verdict over the books as they stood at one moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from finops.attribution.models import Dirty
from finops.attribution.verify import (
    allocations,
    at_rest,
    bills,
    cells,
    coarser,
    conserved,
    evidence,
    files,
    guards,
    history,
    ledger,
    names,
    rollups,
)
from finops.attribution.verify.violation import Violation

Check = Callable[[], Iterator[Violation]]

OF_THE_BOOKS: tuple[Check, ...] = (
    files.only_loaded_imports_book,
    ledger.slices_hold_their_charges,
    ledger.slices_hold_their_usage,
    ledger.imports_hold_their_slices,
    ledger.slices_are_active_once,
    ledger.scopes_have_one_feed,
    ledger.nanos_follow_charges,
    cells.cells_hold_their_charges,
    cells.cells_stand_on_active_facts,
    cells.provisional_cells_have_no_bill,
    cells.cells_are_converted,
    allocations.allocations_hold_and_are_summed,
    rollups.outcome_costs_equal_allocations,
    rollups.credit_is_whole,
    rollups.fates_agree,
    history.postings_equal_rollups,
    history.posted_outcomes_equal_outcomes,
    history.closed_months_read_as_closed,
    conserved.days_hold_their_charges,
    coarser.team_days_equal_spend_days,
    coarser.spend_months_equal_spend_days,
    coarser.outcome_costs_follow_their_items,
    coarser.outcome_days_equal_outcome_costs,
    evidence.logs_equal_their_rollups,
    evidence.logs_are_not_added,
    names.names_without_owner_are_counted,
    names.actors_without_owner_are_counted,
    bills.bill_days_equal_charges,
    bills.bill_months_equal_charges,
    bills.meter_months_equal_meter_days,
    guards.things_count_once_by_constraint,
    guards.work_items_exist_once,
    guards.booked_rows_are_kept,
    guards.amounts_are_exact,
    at_rest.jobs_have_live_leases,
)
# These hold once nothing runs.
AT_REST: tuple[Check, ...] = (
    at_rest.nothing_waits,
    at_rest.nobody_holds_the_database,
    at_rest.no_scratch_is_left,
)


@dataclass(frozen=True)
class Verdict:
    """What does not hold; the bills no reader here knows; the changes that wait for settle."""

    violations: list[Violation]
    unread: list[str]
    unsettled: int

    @property
    def ok(self) -> bool:
        return not self.violations


def verify(*, strict: bool = False) -> Verdict:
    """Run every check on one snapshot of the database and on the archived files.

    strict: nothing else may run, so what a load or settle leaves behind is wrong too.
    """
    with transaction.atomic():
        _one_snapshot()
        unread: list[str] = []
        checks: tuple[Check, ...] = (
            partial(files.imports_equal_their_files, unread),
            *OF_THE_BOOKS,
            *(AT_REST if strict else ()),
        )
        violations = [violation for check in checks for violation in check()]
        return Verdict(violations, unread, Dirty.objects.count())


def _one_snapshot() -> None:
    """Read what was committed at this moment and nothing later, and write nothing."""
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:  # a test's own transaction has begun already
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL work_mem = '64MB'")
