"""Bill lines: judged and totalled in one pass over the file, booked in a second.

The first pass keeps a narrow row per line in DuckDB (key, currency, amounts). From it come the
slices, their exact totals and the nanos by cumulative rounding. The second pass streams the
wide rows to PostgreSQL, joined to their slice by line number.
"""

from collections.abc import Mapping as Dict
from datetime import date, timedelta

from billing_ingest.ai_scope import BOOKED, ai_class_sql, rules, texts_sql
from billing_ingest.check import check_zones, given, is_bad, list_problems, zone_bits
from billing_ingest.connector import Mapping
from billing_ingest.engine import name, text
from billing_ingest.parts import Found, Group, Scope, add
from billing_ingest.pipe import Progress, copy_rows
from billing_ingest.read import Reading
from billing_ingest.tables import Column

TABLE = "ledger_charge"
NULL_TYPES = ("amount", "quantity", "timestamp", "json", "made_json")
NOTICE_BIT = 32  # flags: the zones of up to 16 columns below, notices above

# what a delivery replaces -> the columns of `narrow` that make a slice
GROUPS = {
    "billing_period": ("issuer", "account", "period_start"),
    "day": ("day", "issuer", "account"),
    "object": ("issuer", "account", "month"),
    "seat": ("seat", "issuer", "account", "month"),
}
# ... -> SQL over those of the unit that is replaced whole, and of the slice's key
UNITS = {
    "billing_period": "{document} || issuer || '|' || account || '|' || period_start",
    "day": "{document} || day",
    "object": "{document} || {object}",
    "seat": "{document} || seat",
}
KEYS = {
    "billing_period": "{unit}",
    "day": "{unit} || '|' || issuer || '|' || account",
    "object": "{unit} || '|' || issuer || '|' || account || '|' || strftime(month, '%Y-%m')",
    "seat": "{unit} || '|' || issuer || '|' || account || '|' || strftime(month, '%Y-%m')",
}
# A line is one charge, except that one about a seat is several: what tells them apart.
PARTS = ("charge_period_start", "sku_price_id")


class Charges:
    """The charges of one file."""

    table = "charge"

    def __init__(self, reading: Reading, mapping: Mapping, object_key: str, scope: str) -> None:
        self.reading = reading
        reading.map(mapping)
        self.columns = given("charge", reading.mapped_columns())
        self.scope = scope
        self.bill = reading.document.bill
        self.ai_class = ai_class_sql(rules())
        document = text(f"{reading.document.name}:")
        self.unit = UNITS[mapping.replaces].format(document=document, object=text(object_key))
        self.key = KEYS[mapping.replaces].format(unit=f"({self.unit})")
        self.group = ", ".join(GROUPS[mapping.replaces])
        self.is_in_pieces = mapping.replaces != "billing_period"
        self.is_by_seat = mapping.replaces == "seat"
        self.row = ", ".join(("line", *(PARTS if self.is_by_seat else ())))

    def examine(self) -> Found:
        """Read the whole file once: judge every value, total every slice."""
        run = self.reading.run
        run(f"CREATE OR REPLACE TEMP TABLE narrow AS {self.narrow()}")
        records, bad, zones = run(
            "SELECT count(*), count(*) FILTER (bad), bit_or(flags) FROM narrow"
        )[0]
        found = Found(records, bad, (zones or 0) & ((1 << NOTICE_BIT) - 1))
        if not bad:
            self.total(found)
            self.notice(found)
        return found

    def narrow(self) -> str:
        notices = "".join(
            f" | (CASE WHEN {notice.when} THEN 1::BIGINT << {NOTICE_BIT + place} ELSE 0 END)"
            for place, notice in enumerate(self.reading.document.notices)
        )
        seat = f", resource_id AS seat, {', '.join(PARTS)}" if self.is_by_seat else ""
        return f"""
            SELECT line{seat}, invoice_issuer_name AS issuer, billing_account_id AS account,
                   utc(billing_period_start)::DATE AS period_start,
                   utc(billing_period_end)::DATE AS period_end,
                   date_trunc('month', period_start)::DATE AS month,
                   utc(charge_period_start)::DATE AS day,
                   greatest(day, (utc(charge_period_end) - INTERVAL 1 MICROSECOND)::DATE) AS until,
                   billing_currency AS currency,
                   try_cast(billed_cost AS DECIMAL(38, 24)) AS billed,
                   try_cast(effective_cost AS DECIMAL(38, 24)) AS effective,
                   {self.ai_class} AS ai_class, {self.is_in_scope()} AS in_scope,
                   {row_hash(self.columns)} AS hash,
                   {is_bad(self.columns)} AS bad, {zone_bits(self.columns)}{notices} AS flags
            FROM (SELECT *, {texts_sql(self.columns)} FROM mapped)"""

    def is_in_scope(self) -> str:
        """Return SQL: a bill is booked whole, or the part of it that is for AI."""
        if self.scope == "all":
            return "true"
        return f"coalesce(ai_class IN ({', '.join(text(word) for word in BOOKED)}), false)"

    def total(self, found: Found) -> None:
        """Fill in slices and totals from the narrow rows."""
        groups: dict[str, Group] = {}
        self.reading.run(f"CREATE OR REPLACE TEMP TABLE groups AS {self.grouped()}")
        for row in self.reading.run(
            """SELECT key, currency, in_scope, unit, one_issuer, one_account, start, period_end, first_day, last_day,
                      lines, billed, hash FROM groups ORDER BY ALL"""
        ):
            (
                key,
                currency,
                in_scope,
                unit,
                issuer,
                account,
                start,
                end,
                first,
                last,
                rows,
                billed,
                hash_,
            ) = row
            if not in_scope:
                add(found.out_of_scope, currency, billed)
                found.rows_out_of_scope += rows
                continue
            add(found.totals, currency, billed)
            scope = Scope(issuer, account, *self.scope_days(start, end), self.bill)
            group = Group(
                unit, key, scope, first, last, self.period(start, end, first, last), rows,
                f"{currency}:{rows}:{hash_}", {currency: billed},
            )  # fmt: skip
            groups[key] = merge(groups[key], group) if key in groups else group
        found.groups = list(groups.values())

    def grouped(self) -> str:
        """Return SQL for the sums per slice and currency; the key is spelt out once per group."""
        return f"""
            SELECT *, {self.unit} AS unit, {self.key} AS key FROM (
                SELECT {self.group}, currency, in_scope, min(issuer) AS one_issuer, min(account) AS one_account,
                       min(period_start) AS start, max(period_end) AS period_end, min(day) AS first_day,
                       max(until) AS last_day, count(*) AS lines, sum(billed) AS billed, sum(hash::HUGEINT) AS hash
                FROM narrow GROUP BY {self.group}, currency, in_scope)"""

    def scope_days(self, start: date, end: date) -> tuple[date, date]:
        """A bill cut into days or objects belongs to the calendar month of its billing period."""
        if not self.is_in_pieces:
            return start, end
        month = start.replace(day=1)
        return month, (month.replace(year=month.year + 1, month=1) if month.month == 12
                       else month.replace(month=month.month + 1))  # fmt: skip

    def period(self, start: date, end: date, first: date, last: date) -> tuple[date, date]:
        return (first, last + timedelta(days=1)) if self.is_in_pieces else (start, end)

    def notice(self, found: Found) -> None:
        """Count what is worth saying about rows that are fine."""
        found.same_lines = self.reading.run("SELECT count(*) - count(DISTINCT hash) FROM narrow")[
            0
        ][0]
        if found.same_lines:
            words = f"{found.same_lines} lines say exactly what another line says; all are kept."
            found.warnings.append({"code": "same_lines", "message": words})
        for place, notice in enumerate(self.reading.document.notices):
            bit = 1 << (NOTICE_BIT + place)
            rows = self.reading.run(f"SELECT count(*) FROM narrow WHERE flags & {bit} <> 0")[0][0]
            if rows:
                found.warnings.append(
                    {"code": notice.code, "message": notice.message.format(rows=rows)}
                )

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        check_zones(self.reading, self.columns, found.zones)

    def months(self, keys: Dict[str, int]) -> list[date]:
        """Return the months that the charges of these slices fall in."""
        self.plan(keys)
        rows = self.reading.run(
            f"SELECT DISTINCT date_trunc('month', day)::DATE FROM narrow SEMI JOIN slices USING ({self.group})"
        )
        return sorted(row[0] for row in rows)

    def plan(self, keys: Dict[str, int]) -> None:
        """Make the table `slices`: which group of rows goes into which slice."""
        self.reading.fill("plan", {"key": "VARCHAR", "slice_id": "BIGINT"}, keys.items())
        self.reading.run(
            "CREATE OR REPLACE TEMP TABLE slices AS "
            f"SELECT DISTINCT {self.group}, slice_id FROM groups JOIN plan USING (key)"
        )

    def write(self, keys: Dict[str, int], progress: Progress) -> None:
        """Copy the rows of the slices (key -> slice id) into PostgreSQL."""
        self.plan(keys)
        self.reading.run(f"CREATE OR REPLACE TEMP TABLE booked AS {self.booked()}")
        casts = {column.name: typed(column) for column in self.columns}
        casts["charged_on"] = "utc(charge_period_start)::DATE"
        casts["ai_class"] = "coalesce(ai_class, '')"
        casts |= {own: own for own in ("line", "slice_id", "billed_nanos", "effective_nanos")}
        select = ", ".join(f"{sql} AS {name(column)}" for column, sql in casts.items())
        # The narrow table is to be held in memory and the file streamed past it, never the reverse.
        self.reading.run("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        copy_rows(
            self.reading, f"SELECT {select} FROM mapped JOIN booked USING ({self.row})", TABLE, list(casts), progress,
            empty_texts=[column.name for column in self.columns if column.type in ("text", "currency")],
            null_texts=[column.name for column in self.columns if column.type in NULL_TYPES],
        )  # fmt: skip
        self.reading.run("RESET disabled_optimizers")

    def booked(self) -> str:
        """Return SQL for the nanos of every line: the growth of the rounded running sum.

        So the lines of a slice and currency add up to their exact total rounded once.
        """
        return f"""
            SELECT {self.row}, slice_id, ai_class,
                   ({nanos("billed_sum")} - {nanos("billed_sum - billed")})::BIGINT AS billed_nanos,
                   ({nanos("effective_sum")} - {nanos("effective_sum - effective")})::BIGINT AS effective_nanos
            FROM (SELECT {self.row}, slice_id, ai_class, billed, effective,
                         sum(billed) OVER so_far AS billed_sum, sum(effective) OVER so_far AS effective_sum
                  FROM narrow JOIN slices USING ({self.group})
                  WHERE in_scope
                  WINDOW so_far AS (PARTITION BY slice_id, currency ORDER BY {self.row} ROWS UNBOUNDED PRECEDING))"""


def nanos(amount: str) -> str:
    """Return SQL for an amount in whole nanos, halves away from zero."""
    return f"(round({amount}, 9)::DECIMAL(27, 9) * 1000000000::DECIMAL(11, 0))::HUGEINT"


def merge(one: Group, other: Group) -> Group:
    """Join the parts of a slice in different currencies."""
    add(one.totals, *next(iter(other.totals.items())))
    one.first_day = min(one.first_day, other.first_day)
    one.last_day = max(one.last_day, other.last_day)
    one.period = (min(one.period[0], other.period[0]), max(one.period[1], other.period[1]))
    one.rows += other.rows
    one.content_hash += " " + other.content_hash
    return one


def row_hash(columns: list[Column]) -> str:
    """Return SQL for a row's 64-bit hash. It may change with DuckDB; then rows count as changed."""
    return f"hash(ai_class, {', '.join(name(column.name) for column in columns)})"


def row_text(columns: list[Column]) -> str:
    """Return SQL for a row as one text, nulls and cell borders kept apart."""
    cells = ", ".join(f"coalesce({name(column.name)}, chr(30))" for column in columns)
    return f"concat_ws(chr(31), {cells})"


def typed(column: Column) -> str:
    """Return SQL for a judged value as PostgreSQL takes it: its own text, digits and all."""
    return f"is_set({name(column.name)})" if column.type == "flag" else name(column.name)
