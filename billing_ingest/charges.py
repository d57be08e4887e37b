"""Bill lines: judged and totalled in one pass over the file, booked in a second.

The first pass keeps a narrow row per line in DuckDB (key, currency, amounts). From it come the
slices, their exact totals and the nanos by cumulative rounding. The second pass streams the
wide rows to PostgreSQL, joined to their slice by line number.
"""

from collections.abc import Mapping as Dict
from datetime import date

from billing_ingest.check import check_zones, given, is_bad, list_problems, zone_bits
from billing_ingest.connector import Mapping
from billing_ingest.engine import name, text
from billing_ingest.parts import Found, Group, Scope, add
from billing_ingest.pipe import Progress, copy_rows
from billing_ingest.read import Reading
from billing_ingest.tables import Column

TABLE = "ledger_charge"
NOTICE_BIT = 32  # flags: the zones of up to 16 columns below, notices above

AI_SERVICES = (
    "bedrock|sagemaker|comprehend|rekognition|textract|polly|amazon q|kendra|amazon lex|openai|azure ai|"
    "cognitive services|machine learning|vertex ai|gemini|dialogflow|anthropic|claude|mistral|cohere|"
    "copilot|cursor|perplexity|hugging ?face|openrouter"
)
# what a delivery replaces -> (SQL of the unit that is replaced whole, SQL of the slice's key)
UNITS = {
    "billing_period": "{document} || issuer || '|' || account || '|' || strftime(period_start, '%Y-%m-%d')",
    "day": "{document} || strftime(day, '%Y-%m-%d')",
    "object": "{document} || {object}",
}
KEYS = {
    "billing_period": "{unit}",
    "day": "{unit} || '|' || issuer || '|' || account",
    "object": "{unit} || '|' || issuer || '|' || account || '|' || strftime(period_start, '%Y-%m')",
}


class Charges:
    """The charges of one file."""

    table = "charge"

    def __init__(self, reading: Reading, mapping: Mapping, object_key: str, scope: str) -> None:
        self.reading = reading
        reading.map(mapping)
        self.columns = given("charge", reading.mapped_columns())
        self.scope = scope
        document = text(f"{reading.document.name}:")
        self.unit = UNITS[mapping.replaces].format(document=document, object=text(object_key))
        self.key = KEYS[mapping.replaces].format(unit=f"({self.unit})")
        self.is_whole_month = mapping.replaces != "billing_period"

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
        return f"""
            SELECT line, invoice_issuer_name AS issuer, billing_account_id AS account,
                   try_cast(billing_period_start AS TIMESTAMPTZ)::DATE AS period_start,
                   try_cast(billing_period_end AS TIMESTAMPTZ)::DATE AS period_end,
                   try_cast(charge_period_start AS TIMESTAMPTZ)::DATE AS day,
                   billing_currency AS currency,
                   try_cast(billed_cost AS DECIMAL(38, 24)) AS billed,
                   try_cast(effective_cost AS DECIMAL(38, 24)) AS effective,
                   {self.is_in_scope()} AS in_scope, md5_number_lower({row_text(self.columns)}) AS hash,
                   {is_bad(self.columns)} AS bad, {zone_bits(self.columns)}{notices} AS flags
            FROM mapped"""

    def is_in_scope(self) -> str:
        if self.scope == "all":
            return "true"
        has = {column.name for column in self.columns}
        said = [
            f"coalesce({c}, '')"
            for c in ("service_name", "provider_name", "publisher_name")
            if c in has
        ]
        tests = (
            [f"regexp_matches(lower({' || chr(10) || '.join(said)}), {text(AI_SERVICES)})"]
            if said
            else []
        )
        if "service_category" in has:
            tests.append("coalesce(service_category = 'AI and Machine Learning', false)")
        if "service_subcategory" in has:
            tests.append("coalesce(service_subcategory = 'Generative AI', false)")
        return f"({' OR '.join(tests) or 'true'})"

    def total(self, found: Found) -> None:
        """Fill in slices and totals from the narrow rows."""
        groups: dict[str, Group] = {}
        for row in self.reading.run(
            f"""SELECT {self.key} AS key, currency, in_scope, min({self.unit}), min(issuer), min(account),
                       min(period_start), max(period_end), min(day), max(day), count(*), sum(billed),
                       sum(hash::HUGEINT)
                FROM narrow GROUP BY ALL ORDER BY ALL"""
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
            scope = Scope(issuer, account, *self.scope_days(start, end))
            group = Group(
                unit,
                key,
                scope,
                first,
                last,
                rows,
                f"{currency}:{rows}:{hash_}",
                {currency: billed},
            )
            groups[key] = merge(groups[key], group) if key in groups else group
        found.groups = list(groups.values())

    def scope_days(self, start: date, end: date) -> tuple[date, date]:
        """A bill cut into days or objects belongs to the calendar month of its billing period."""
        if not self.is_whole_month:
            return start, end
        month = start.replace(day=1)
        return month, (month.replace(year=month.year + 1, month=1) if month.month == 12
                       else month.replace(month=month.month + 1))  # fmt: skip

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
            f"SELECT DISTINCT date_trunc('month', day)::DATE FROM narrow SEMI JOIN plan ON {self.key} = plan.key"
        )
        return sorted(row[0] for row in rows)

    def plan(self, keys: Dict[str, int]) -> None:
        self.reading.run("CREATE OR REPLACE TEMP TABLE plan (key VARCHAR, slice_id BIGINT)")
        self.reading.con.executemany(
            "INSERT INTO plan VALUES (?, ?)", [list(pair) for pair in keys.items()]
        )

    def write(self, keys: Dict[str, int], progress: Progress) -> None:
        """Copy the rows of the slices (key -> slice id) into PostgreSQL."""
        self.plan(keys)
        self.reading.run(f"CREATE OR REPLACE TEMP TABLE booked AS {self.booked()}")
        casts = {column.name: typed(column) for column in self.columns}
        casts["charged_on"] = "charge_period_start::TIMESTAMPTZ::DATE"
        casts |= {"line": "line", "slice_id": "slice_id"}
        casts |= {"billed_nanos": "billed_nanos", "effective_nanos": "effective_nanos"}
        select = ", ".join(f"{sql} AS {name(column)}" for column, sql in casts.items())
        # The narrow table is to be held in memory and the file streamed past it, never the reverse.
        self.reading.run("SET disabled_optimizers = 'join_order,build_side_probe_side'")
        copy_rows(
            self.reading,
            f"SELECT {select} FROM mapped JOIN booked USING (line)",
            TABLE,
            list(casts),
            progress,
        )
        self.reading.run("RESET disabled_optimizers")

    def booked(self) -> str:
        """Return SQL for the nanos of every line: the growth of the rounded running sum.

        So the lines of a slice and currency add up to their exact total rounded once.
        """
        return f"""
            SELECT line, slice_id,
                   ({nanos("billed_sum")} - {nanos("billed_sum - billed")})::BIGINT AS billed_nanos,
                   ({nanos("effective_sum")} - {nanos("effective_sum - effective")})::BIGINT AS effective_nanos
            FROM (SELECT line, slice_id, billed, effective,
                         sum(billed) OVER so_far AS billed_sum, sum(effective) OVER so_far AS effective_sum
                  FROM narrow JOIN plan ON {self.key} = plan.key
                  WHERE in_scope
                  WINDOW so_far AS (PARTITION BY slice_id, currency ORDER BY line ROWS UNBOUNDED PRECEDING))"""


def nanos(amount: str) -> str:
    """Return SQL for an amount in whole nanos, halves away from zero."""
    return f"(round({amount}, 9)::DECIMAL(27, 9) * 1000000000::DECIMAL(11, 0))::HUGEINT"


def merge(one: Group, other: Group) -> Group:
    """Join the parts of a slice in different currencies."""
    add(one.totals, *next(iter(other.totals.items())))
    one.first_day, one.last_day = (
        min(one.first_day, other.first_day),
        max(one.last_day, other.last_day),
    )
    one.rows += other.rows
    one.content_hash += " " + other.content_hash
    return one


def row_text(columns: list[Column]) -> str:
    """Return SQL for a row as one text, nulls and cell borders kept apart."""
    cells = ", ".join(f"coalesce({name(column.name)}, chr(30))" for column in columns)
    return f"concat_ws(chr(31), {cells})"


def typed(column: Column) -> str:
    """Return SQL that casts a judged value to what PostgreSQL takes."""
    value = name(column.name)
    match column.type:
        case "amount":
            return f"nullif({value}, '')::DECIMAL(38, 24)"
        case "quantity":
            return f"nullif({value}, '')"  # PostgreSQL reads exponents and rounds
        case "timestamp":
            return f"nullif({value}, '')::TIMESTAMPTZ"
        case "flag":
            return f"is_set({value})"
        case "json" | "integer" | "day" | "value":
            return f"nullif({value}, '')"
    return f"coalesce({value}, '')"
