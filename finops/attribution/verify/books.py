"""All checks, and one verdict over the books as they stood at one moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.db import connection, transaction

from finops.attribution.models import Dirty
from finops.attribution.verify import cells, files, history, ledger, rollups
from finops.attribution.verify.violation import Violation

Check = Callable[[], Iterator[Violation]]

OF_THE_BOOKS: tuple[Check, ...] = (
    ledger.slices_hold_their_charges,
    ledger.imports_hold_their_slices,
    ledger.slices_are_active_once,
    ledger.scopes_have_one_feed,
    ledger.nanos_follow_charges,
    cells.cells_hold_their_charges,
    cells.cells_stand_on_active_facts,
    cells.provisional_cells_have_no_bill,
    cells.cells_are_converted,
    cells.allocations_hold_their_cells,
    cells.allocations_end_somewhere,
    rollups.spend_days_equal_allocations,
    rollups.item_days_equal_allocations,
    rollups.outcome_costs_equal_allocations,
    rollups.credit_is_whole,
    rollups.fates_agree,
    history.postings_equal_rollups,
    history.posted_outcomes_equal_outcomes,
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


def verify() -> Verdict:
    """Run every check on one snapshot of the database and on the archived files."""
    with transaction.atomic():
        _one_snapshot()
        unread: list[str] = []
        checks: tuple[Check, ...] = (
            partial(files.imports_equal_their_files, unread),
            *OF_THE_BOOKS,
        )
        violations = [violation for check in checks for violation in check()]
        return Verdict(violations, unread, Dirty.objects.count())


def _one_snapshot() -> None:
    """Read what was committed at this moment and nothing later, and write nothing."""
    with connection.cursor() as cursor:
        if not connection.savepoint_ids:  # a test's own transaction has begun already
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SET LOCAL work_mem = '64MB'")
