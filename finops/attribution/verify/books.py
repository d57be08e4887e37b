"""All checks, and one verdict over the books as they stood at one moment."""

from dataclasses import dataclass
from functools import partial

from django.db import transaction

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
from finops.attribution.verify.sessions import Check, begin_snapshot, on_one_snapshot
from finops.attribution.verify.violation import Violation

# The dearest come first: then neither of two sessions is left with a long one at the end.
OF_THE_BOOKS: tuple[Check, ...] = (
    allocations.allocations_hold_and_are_summed,
    history.postings_equal_rollups,
    evidence.logs_equal_their_rollups,
    rollups.outcome_costs_equal_allocations,
    coarser.team_days_equal_spend_days,
    files.only_loaded_imports_book,
    ledger.slices_hold_their_charges,
    ledger.slices_hold_their_usage,
    ledger.imports_hold_their_slices,
    ledger.slices_are_active_once,
    ledger.scopes_have_one_feed,
    ledger.nanos_follow_charges,
    cells.cells_hold_their_charges,
    cells.cells_stand_on_active_usage,
    cells.provisional_cells_have_no_bill,
    rollups.credit_is_whole,
    rollups.fates_agree,
    history.posted_outcomes_equal_outcomes,
    history.closed_months_read_as_closed,
    conserved.days_hold_their_charges,
    coarser.spend_months_equal_spend_days,
    coarser.outcome_costs_follow_their_items,
    coarser.outcome_days_equal_outcome_costs,
    evidence.logs_are_not_added,
    names.names_without_owner_are_counted,
    names.actors_without_owner_are_counted,
    bills.bills_equal_charges,
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
        begin_snapshot()
        unread: list[str] = []
        violations = on_one_snapshot(
            (partial(files.imports_equal_their_files, unread), *OF_THE_BOOKS)
        )
        if strict:  # after the second session is gone, which is no left-over either
            violations += [violation for check in AT_REST for violation in check()]
        return Verdict(violations, unread, Dirty.objects.count())
