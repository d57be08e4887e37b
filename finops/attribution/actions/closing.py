"""Close a month, and reopen it. Finance and administrators do this; callers check who asks.

Closing writes down when the month was closed and the digest of what was known then. Nothing is
frozen by force: facts go on coming, and what they change is posted later, as adjustments.
"""

from datetime import UTC, date, datetime

from django.db import connection, transaction

from finops.attribution.closed_books import digest_of
from finops.attribution.models import Closing, Dirty, Dispute, PostedRun
from finops.attribution.present import amount
from finops.attribution.queries import reconcile
from finops.attribution.queries.books import Books, read_books
from finops.attribution.queries.known import SETTLE_LOCK
from finops.attribution.queries.shapes import Scope
from finops.attribution.verify.books import verify
from finops.people.models import User
from finops.periods import Period, month_of


class ClosingError(ValueError):
    """Why a month cannot be closed or reopened; `obstacles` holds one sentence each."""

    def __init__(self, *obstacles: str) -> None:
        super().__init__(" ".join(obstacles))
        self.obstacles = obstacles


def close_month(month: date, *, by: User | None, now: datetime, note: str = "") -> Closing:
    """Close the calendar month that begins on a day. Raises ClosingError with all that is missing."""
    period = month_of(month)
    if found := obstacles(period, now=now):
        raise ClosingError(*found)
    with transaction.atomic():
        # No settle may be under way: what it finds counts from before it ends.
        _run("SELECT pg_advisory_xact_lock(%s)", SETTLE_LOCK)
        if found := unsettled():
            raise ClosingError(*found)
        last = PostedRun.objects.latest("known_at").known_at
        moment = max(now, last)
        return Closing.objects.create(
            month=period.start,
            known_at=moment,
            closed_at=now,
            closed_by=by,
            note=note.strip(),
            warnings=warnings(period, moment),
            digest=digest_of(period, moment),
        )


def obstacles(month: Period, *, now: datetime) -> list[str]:
    """Return what stands in the way of closing, in sentences; empty when nothing does."""
    if month.end > now.astimezone(UTC).date():
        return [f"{month.start:%B %Y} is not over yet."]
    if current(month.start):
        return [f"{month.start:%B %Y} is closed already."]
    if not PostedRun.objects.exists():
        return ["Nothing has been settled yet: run `manage.py settle`."]
    found = unsettled()
    if not found:
        violations = verify().violations
        if violations:
            found.append(
                f"The books do not tie ({len(violations)} violations): {violations[0]}."
                " See `manage.py verify_books`."
            )
    return found


def unsettled() -> list[str]:
    waiting = Dirty.objects.count()
    changes = "1 change waits" if waiting == 1 else f"{waiting} changes wait"
    return [f"{changes} for settle: wait a moment, or run `manage.py settle`."] if waiting else []


def warnings(month: Period, now: datetime) -> list[str]:
    """Return what whoever closes the month should know; none of it stands in the way."""
    found = open_questions(month, now)
    for vendor in reconcile.report(month):
        if vendor.verdict not in ("ties", "no_invoice"):
            gap = f" by {amount(vendor.gap_nanos)} {vendor.currency}" if vendor.gap_nanos else ""
            found.append(f"{vendor.vendor}: the invoice does not tie to the bill{gap}.")
    return found


def open_questions(month: Period, now: datetime) -> list[str]:
    """Return what the books leave open about the month's money, invoices apart."""
    found = money_warnings(read_books(Scope(month), now=now))
    disputed = Dispute.objects.filter(
        state=Dispute.State.OPEN, valid_from__lt=month.end, valid_to__gt=month.start
    ).count()
    if disputed:
        found.append(f"{disputed} of its amounts are disputed and not answered yet.")
    return found


def money_warnings(books: Books) -> list[str]:
    found = []
    if any(m.is_provisional and m.nanos for m in books.money):
        found.append("A part of its money is provisional: a bill has not come yet.")
    if books.unconverted:
        names = ", ".join(sorted(books.unconverted))
        found.append(f"Money in {names} is not in its figures: no exchange rate is known.")
    return found


def reopen_month(month: date, *, by: User | None, now: datetime, why: str) -> Closing:
    """Reopen a closed month; the closing and its report stay. Raises ClosingError."""
    if not why.strip():
        raise ClosingError("Say why the month is reopened.")
    with transaction.atomic():
        closing = Closing.objects.select_for_update().filter(
            month=month_of(month).start, reopened_at=None
        ).first()  # fmt: skip
        if closing is None:
            raise ClosingError(f"{month:%B %Y} is not closed.")
        closing.reopened_at, closing.reopened_by, closing.reopened_why = now, by, why.strip()
        closing.save(update_fields=["reopened_at", "reopened_by", "reopened_why"])
    return closing


def current(month: date) -> Closing | None:
    """Return the closing of a month that is closed now."""
    return Closing.objects.filter(month=month, reopened_at=None).first()


def _run(sql: str, *params: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
