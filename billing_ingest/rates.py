"""What currencies and units are worth in the reporting currency: dated, typed in or from a file.

A rate holds from its day until the next one. A day without a rate before it is not converted.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing_ingest.check import given, is_bad, list_problems
from billing_ingest.connector import Mapping
from billing_ingest.parts import Found
from billing_ingest.pipe import Progress
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from finops.attribution.models import Dirty
from finops.attribution.queries.organisation import organisation
from finops.ledger.models import FxRate, Import

FIELDS = ("currency", "reporting_currency", "day", "rate", "origin")


@dataclass(frozen=True)
class Rate:
    """Units of the reporting currency for one of the other, from a day on."""

    currency: str
    reporting_currency: str
    day: date
    rate: Decimal
    origin: str


def record(rate: Rate) -> bool:
    """Keep a rate, in the caller's transaction; say whether it changed something.

    Money of that currency is converted anew when it settles next.
    """
    key: dict[str, Any] = {
        "currency": rate.currency, "reporting_currency": rate.reporting_currency, "day": rate.day,
    }  # fmt: skip
    old = FxRate.objects.filter(**key).first()
    if old and old.rate == rate.rate:
        return False
    FxRate.objects.update_or_create(**key, defaults={"rate": rate.rate, "origin": rate.origin})
    Dirty.objects.create(what="rates", ref=rate.currency)
    return True


class Rates:
    """The rates of one file."""

    table = "fx_rate"

    def __init__(self, reading: Reading, mapping: Mapping) -> None:
        self.reading = reading
        reading.map(mapping)
        self.columns = given("fx_rate", reading.mapped_columns())
        self.rows: list[Rate] = []

    def examine(self) -> Found:
        """Read the whole file and judge every value."""
        run = self.reading.run
        records, bad = run(
            f"SELECT count(*), count(*) FILTER ({is_bad(self.columns)}) FROM mapped"
        )[0]
        found = Found(records, bad)
        if records and not bad:
            fields = ", ".join(f"coalesce({field}, '')" for field in FIELDS)
            for line, *said in run(f"SELECT line, {fields} FROM mapped ORDER BY line"):
                self.rows.append(self.rate_in(line, *said))
            self.refuse_two_for_a_day()
            found.first_day = min(row.day for row in self.rows)
            found.last_day = max(row.day for row in self.rows)
        return found

    def rate_in(self, line: int, *said: str) -> Rate:
        currency, reporting, day, rate, origin = said
        reporting = reporting or organisation().reporting_currency
        if Decimal(rate) <= 0 or currency == reporting:
            raise Refused([self.wrong(line, rate, currency)])
        origin = origin or self.reading.place(line)[0]
        return Rate(currency, reporting, date.fromisoformat(day), Decimal(rate), origin)

    def wrong(self, line: int, rate: str, currency: str) -> Problem:
        file, place = self.reading.place(line)
        return problem(
            "bad_rate", f"Line {place} gives no rate that could be used.", file=file, line=place,
            column="rate", found=f"{rate} for {currency}",
            expected="more than 0, for another currency than the reporting one",
            fix="Correct or remove the line.",
        )  # fmt: skip

    def refuse_two_for_a_day(self) -> None:
        seen: dict[tuple[str, str, date], Rate] = {}
        for row in self.rows:
            before = seen.setdefault((row.currency, row.reporting_currency, row.day), row)
            if before.rate != row.rate:
                raise Refused([self.conflict(before, row)])

    def conflict(self, before: Rate, row: Rate) -> Problem:
        return problem(
            "conflicting_rows", f"There are two rates of {row.currency} on {row.day}.",
            file=self.reading.place(1)[0], column="rate", found=f"{before.rate} and {row.rate}",
            expected="one rate per day", fix="Keep the one that is right.",
        )  # fmt: skip

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        """Days have no zone."""

    def write(self, imp: Import, progress: Progress) -> None:
        """Merge the rates into the books, inside the open transaction."""
        for row in self.rows:
            record(row)
        progress(len(self.rows))
