"""Invoices: what vendors say is due, typed in or from a file, kept by issuer, account and number.

They are few and small, so they are merged in Python. A correction supersedes, nothing is lost.
"""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing_ingest.check import given, is_bad, list_problems
from billing_ingest.connector import Mapping
from billing_ingest.parts import Found
from billing_ingest.pipe import Progress
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from finops.ledger.models import Import, Invoice

LOCK = 0x14C01CE  # invoices are shared by all sources: one merge at a time
FIELDS = (
    "issuer", "billing_account_id", "number", "issued_on", "period_start", "period_end", "currency",
    "amount", "tax_amount", "note",
)  # fmt: skip


@dataclass(frozen=True)
class Stated:
    """What an invoice says. `period_end` is half-open; amounts in `currency`, exact."""

    issuer: str
    billing_account_id: str
    number: str
    issued_on: date
    period_start: date
    period_end: date
    currency: str
    amount: Decimal
    tax_amount: Decimal | None
    note: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What names the invoice: capitals make no difference."""
        return self.issuer.lower(), self.billing_account_id.lower(), self.number.lower()


def record(
    stated: Stated, *, origin: Invoice.Origin, imp: Import | None = None, by: Any = None
) -> Invoice | None:
    """Keep an invoice; a known one with other figures is superseded. None when nothing is new."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        known = current(stated)
        if known and same(known, stated):
            return None
        if known:
            withdraw(known)
        return Invoice.objects.create(**asdict(stated), origin=origin, imp=imp, by=by)


def current(stated: Stated) -> Invoice | None:
    """Return the version that counts now."""
    return Invoice.objects.filter(
        issuer__iexact=stated.issuer, billing_account_id__iexact=stated.billing_account_id,
        number__iexact=stated.number, superseded_at=None,
    ).first()  # fmt: skip


def same(known: Invoice, stated: Stated) -> bool:
    """Say whether an invoice says this already, whoever wrote it down."""
    return all(getattr(known, field) == value for field, value in asdict(stated).items())


def withdraw(known: Invoice) -> None:
    """Let an invoice count no more. It stays readable."""
    known.superseded_at = timezone.now()
    known.save(update_fields=["superseded_at"])


def whole_months(start: date, end: date) -> date:
    """Return the half-open end of a period that may be written with its last day.

    From the first of a month to the last day of one, it means whole months.
    """
    after = end + timedelta(days=1)
    return after if start.day == 1 and after.day == 1 else end


class Invoices:
    """The invoices of one file."""

    table = "invoice"

    def __init__(self, reading: Reading, mapping: Mapping) -> None:
        self.reading = reading
        reading.map(mapping)
        self.names = reading.mapped_columns()
        self.columns = given("invoice", self.names)
        self.rows: list[tuple[int, Stated]] = []

    def examine(self) -> Found:
        """Read the whole file and judge every value."""
        run = self.reading.run
        records, bad = run(
            f"SELECT count(*), count(*) FILTER ({is_bad(self.columns)}) FROM mapped"
        )[0]
        found = Found(records, bad)
        if not bad and records:
            fields = ", ".join(f"nullif({field}, '')" for field in FIELDS)
            self.rows = [
                (line, stated_in(*said))
                for line, *said in run(f"SELECT line, {fields} FROM mapped ORDER BY line")
            ]
            problems = [*self.reversed_periods(), *self.conflicts()]
            if problems:
                raise Refused(problems)
            found.first_day = min(row.period_start for _, row in self.rows)
            found.last_day = max(row.period_end for _, row in self.rows) - timedelta(days=1)
        return found

    def reversed_periods(self) -> Iterable[Problem]:
        for line, row in self.rows:
            if row.period_end <= row.period_start:
                file, place = self.reading.place(line)
                yield problem(
                    "bad_period", f"Line {place} ends before it starts.", file=file,
                    line=place, column="period_end", found=row.period_end.isoformat(),
                    expected=f"a day after {row.period_start}", fix="Correct the period.",
                )  # fmt: skip

    def conflicts(self) -> Iterable[Problem]:
        """Yield lines that say something else of an invoice than an earlier line."""
        first: dict[tuple[str, str, str], tuple[int, Stated]] = {}
        for line, row in self.rows:
            before, said = first.setdefault(row.key, (line, row))
            if said != row:
                file, place = self.reading.place(line)
                before_it = self.reading.said(before)
                yield problem(
                    "conflicting_rows", f"Line {place} has the invoice number of {before_it} and says something else.",
                    file=file, line=place, column="number", found=row.number,
                    expected="one line per invoice", fix="Keep the line that is right.",
                )  # fmt: skip

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        """Days have no zone."""

    def write(self, imp: Import, progress: Progress) -> None:
        """Merge the invoices into the books, inside the open transaction."""
        for _, row in self.rows:
            record(row, origin=Invoice.Origin.FILE, imp=imp, by=imp.by)
        progress(len(self.rows))


def stated_in(*said: str | None) -> Stated:
    issuer, account, number, issued, start, end, currency, amount, tax, note = (
        value or "" for value in said
    )
    first_day = date.fromisoformat(start)
    return Stated(
        issuer, account, number, date.fromisoformat(issued), first_day,
        whole_months(first_day, date.fromisoformat(end)), currency, Decimal(amount),
        Decimal(tax) if tax else None, note,
    )  # fmt: skip
