"""What a saved mapping means: the statement made of it."""

from collections.abc import Iterable

from billing_ingest.engine import name, text
from billing_ingest.mapping_fields import FIELDS
from billing_ingest.tables import TABLES
from finops.ledger.models import SavedMapping

Amounts = SavedMapping.Amounts


MEASURES = {
    "requests", "failed_requests", "input_tokens", "cached_input_tokens", "cache_write_tokens",
    "output_tokens", "list_cost", "quantity",
}  # fmt: skip
MONEY = ("billed_cost", "list_cost")
TIMES = ("charge_period_start", "charge_period_end", "occurred_at")
# How an amount may be written -> what it must look like, and SQL for the plain number.
STYLES = {
    Amounts.COMMAS.value: (
        r"-?[$€£]?\s*([0-9]{1,3}(,[0-9]{3})+|[0-9]+)(\.[0-9]+)?",
        r"regexp_replace({0}, '[,$€£\s]', '', 'g')",
    ),
    Amounts.DECIMAL_COMMA.value: (
        r"-?([0-9]{1,3}(\.[0-9]{3})+|[0-9]+)(,[0-9]+)?",
        "replace(replace({0}, '.', ''), ',', '.')",
    ),
    Amounts.HUNDREDTHS.value: (
        r"-?[0-9]{1,14}(\.[0-9]{1,22})?",
        "({0}::DECIMAL(38, 22) * 0.01::DECIMAL(3, 2))::VARCHAR",
    ),
}
MONTH = "date_trunc('month', utc(charge_period_start))"
# What a charge says when its file does not. The account is the source: it pays for something.
UNSAID = {
    "billing_account_id": "(SELECT source_key FROM source_facts)",
    "charge_period_end": "strftime(date_trunc('day', utc(charge_period_start)) + INTERVAL 1 DAY, '%Y-%m-%dT%H:%M:%SZ')",
}
# Our column -> the one that a mapping makes it of.
MADE_OF = {
    "effective_cost": "billed_cost",
    **dict.fromkeys(
        ("charge_period_end", "billing_period_start", "billing_period_end"), "charge_period_start"
    ),
}
ADDED = {
    "billing_period_start": f"strftime({MONTH}, '%Y-%m-%dT00:00:00Z')",
    "billing_period_end": f"strftime({MONTH} + INTERVAL 1 MONTH, '%Y-%m-%dT00:00:00Z')",
    "effective_cost": "billed_cost",
    "charge_category": "'Usage'",
}


def statement(saved: SavedMapping) -> str:
    """Return the SELECT over `raw` that a saved mapping stands for."""
    types = {column.name: column.type for column in TABLES[saved.table]}
    said = {
        ours: value_sql(saved, ours, where, types[ours]) for ours, where in saved.fields.items()
    }
    inner = ", ".join(f"{sql} AS {name(ours)}" for ours, sql in said.items())
    first = f"SELECT line, {inner} FROM ({records(saved)})"
    if saved.table == "usage":
        return first
    rest = {ours: sql for ours, sql in UNSAID.items() if ours not in said} | ADDED
    return f"SELECT *, {', '.join(f'{sql} AS {name(ours)}' for ours, sql in rest.items())} FROM ({first})"


def records(saved: SavedMapping) -> str:
    """Return SQL for (line, rec or columns) of the file's records."""
    if saved.reader == "csv":
        return "SELECT *, _line AS line FROM raw"
    if not saved.records_at:
        return "SELECT doc AS rec, _line AS line FROM raw"
    found = f"SELECT unnest(doc->{text(path_of(saved.records_at) + '[*]')}) AS rec FROM raw"
    return f"SELECT rec, row_number() OVER () AS line FROM ({found})"


def value_sql(saved: SavedMapping, ours: str, where: dict[str, str], type_: str) -> str:
    if "value" in where:
        raw = text(where["value"])
    elif saved.reader == "csv":
        raw = name(where["column"])
    else:
        raw = f"rec->>{text(path_of(where['column']))}"
    value = f"trim({raw})"
    if ours in MONEY:
        return amount_sql(saved.amounts, value)
    if ours in TIMES:
        return time_sql(value)
    if ours == "billing_currency":
        return f"upper({value})"
    if ours == "provider":
        return f"provider_slug({value})"
    if ours == "actor":
        return f"actor_of({value})"
    if ours in ("repo", "pr", "ticket", "conversation", "meter"):
        return f"lower({value})"
    return f"clean({value})" if ours == "team" and type_ == "text" else value


def amount_sql(style: str, value: str) -> str:
    """Return SQL for a plain amount; what is not written in this style stays and is refused."""
    if style not in STYLES:
        return value
    fits, plain = STYLES[style]
    otherwise = f"{value} || ' is written otherwise'"
    plain = plain.format(value)
    return f"CASE WHEN regexp_full_match({value}, '{fits}') THEN {plain} ELSE {otherwise} END"


def time_sql(value: str) -> str:
    """Return SQL for a time: seconds or milliseconds since 1970 are known by their digits."""
    since = "strftime(to_timestamp({}) AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%SZ')"
    seconds = since.format(f"{value}::BIGINT")
    millis = since.format(f"{value}::BIGINT // 1000")
    return (
        f"CASE WHEN regexp_full_match({value}, '1[0-9]{{9}}') THEN {seconds} "
        f"WHEN regexp_full_match({value}, '1[0-9]{{12}}') THEN {millis} ELSE iso_date({value}) END"
    )


def path_of(dotted: str) -> str:
    """Return the JSON path of a name like usage.input_tokens."""
    escaped = (part.replace("\\", "\\\\").replace('"', '\\"') for part in dotted.split("."))
    return "$" + "".join(f'."{part}"' for part in escaped)


def dates_of(saved: SavedMapping) -> tuple[str, ...]:
    """The file's columns that may prove the order of day and month."""
    said = (saved.fields[ours] for ours in TIMES if ours in saved.fields)
    return tuple(where["column"] for where in said if "column" in where)


def guessed(table: str, columns: Iterable[str]) -> dict[str, str]:
    """Return our column -> the file's, where a name gives it away. Each column is used once."""
    plain = {column: "".join(c for c in column.lower() if c.isalnum()) for column in columns}
    found: dict[str, str] = {}
    for field in FIELDS[table]:
        for guess in field.guesses.split():
            match = next(
                (c for c, p in plain.items() if p == guess and c not in found.values()), None
            )
            if match:
                found[field.column] = match
                break
    return found


def lacks(table: str, fields: dict[str, dict[str, str]]) -> list[str]:
    """Return the labels of what a mapping must say and does not."""
    labels = [f.label for f in FIELDS[table] if f.required and f.column not in fields]
    if table == "usage" and not MEASURES & fields.keys():
        labels.append("at least one count, quantity or cost")
    if "quantity" in fields and "meter" not in fields and table == "usage":
        labels.append("the meter of the quantity")
    return labels
