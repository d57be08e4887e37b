"""Every value judged before it is cast: one SQL expression per column, the same for all tables.

A mapping gives text columns. `problem_of` is null when a value is fine, else the code of the
refusal; one pass counts bad rows, and only if there are any a second one lists them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from billing_ingest.engine import name, text
from billing_ingest.read import Reading
from billing_ingest.records import is_total, total_row
from billing_ingest.refusal import PROBLEMS_MAX, Problem, Refused, problem
from billing_ingest.tables import TABLES, Column

MACROS = {
    "amount": "amount_problem", "quantity": "quantity_problem", "value": "value_problem",
    "integer": "integer_problem", "timestamp": "timestamp_problem", "day": "day_problem",
    "currency": "currency_problem", "json": "json_problem", "flag": "flag_problem",
    "email": "email_problem", "list": "list_problem", "identities": "identities_problem",
}  # fmt: skip
QUICK = {"amount": "amount_is_bad", "timestamp": "timestamp_is_bad"}

# code -> (what is wrong, what was expected, how to mend it)
WORDS = {
    "missing_value": ("is empty", "a value", "Fill it in."),
    "amount_format": ("is not a plain number", "digits with a decimal point, like -1234.56",
                      "Remove currency signs, spaces and thousands separators."),
    "amount_not_finite": ("is not a finite number", "a number", "Correct the amount."),
    "amount_scale": ("has more decimals than are kept", "at most 24 decimals",
                     "Round it where it comes from, so that both sides agree."),
    "amount_too_large": ("is too large", "less than 9 billion", "Check the decimal separator."),
    "amount_negative": ("is negative", "zero or more", "Leave it empty when it is not known."),
    "negative_count": ("is negative", "zero or more", "Correct the count."),
    "bad_type": ("is not a whole number", "a whole number", "Write it in digits only."),
    "bad_date": ("is not a date", "a date like 2026-10-05 or 2026-10-05T10:00:00Z",
                 "Write dates in ISO form."),
    "ambiguous_date": ("can be read as two dates", "a date like 2026-10-05",
                       "Write dates in ISO form."),
    "date_out_of_range": ("is out of range", "a year from 2000 to 2099", "Correct the year."),
    "unknown_currency": ("is not a currency code", "an ISO 4217 code like USD",
                         "Use the three-letter code; register other units on the page Currencies."),
    "bad_json": ("is not JSON", "a JSON value", "Correct the JSON."),
    "bad_list": ("is not written as expected", "", "Separate the entries with semicolons."),
    "bad_identity": ("names somebody without saying where", "github:alice;jira:5b10ac",
                     "Write namespace:id, separated by semicolons."),
    "bad_flag": ("is neither yes nor no", "true or false", "Write true or false."),
    "bad_email": ("is not an e-mail address", "name@example.com", "Correct the address."),
    "not_allowed": ("is not one of the words that may stand here", "", "Use one of these words."),
    "missing_value_beside": ("comes without what belongs to it", "", "Fill it in."),
    "too_long": ("is too long", "", "Shorten it."),
}  # fmt: skip


def problem_of(column: Column) -> str:
    """Return SQL that is null when the column's value is fine, else the code of the refusal."""
    cases = " ".join(f"WHEN {test} THEN '{code}'" for code, test in tests(column))
    by_type = f"{MACROS[column.type]}({name(column.name)})" if column.type in MACROS else "NULL"
    return f"CASE {cases} ELSE {by_type} END" if cases else by_type


def tests(column: Column) -> Iterator[tuple[str, str]]:
    """Yield what is asked of a column beyond its type: (code, SQL that is true when it is wrong)."""
    value = name(column.name)
    if column.required:
        yield "missing_value", f"coalesce({value}, '') = ''"
    if column.one_of:
        words = ", ".join(text(word) for word in ("", *column.one_of))
        yield "not_allowed", f"{value} NOT IN ({words})"
    if column.with_one_of:
        said = ", ".join(f"nullif({name(other)}, '')" for other in column.with_one_of)
        yield "missing_value_beside", f"{value} <> '' AND coalesce({said}, NULL) IS NULL"
    if column.type in ("text", "json", "list", "made_json"):
        yield "too_long", f"strlen({value}) > {column.max_length}"


def is_bad(columns: Sequence[Column]) -> str:
    """Return SQL that says whether a row has any problem: plain tests, the quickest way to a no."""
    asked = [test for column in columns for _, test in tests(column)]
    for column in columns:
        value = name(column.name)
        if column.type in QUICK:
            asked.append(f"{QUICK[column.type]}({value})")
        elif column.type in MACROS:
            asked.append(f"{MACROS[column.type]}({value}) IS NOT NULL")
    return f"coalesce({' OR '.join(f'({test})' for test in asked)}, false)"


def given(table: str, columns: Sequence[str]) -> list[Column]:
    """Return the table's columns that the mapping gives. A mapping without a required one is wrong."""
    unknown = set(columns) - {column.name for column in TABLES[table]} - {"line"}
    absent = {c.name for c in TABLES[table] if c.required} - set(columns)
    if unknown or absent or "line" not in columns:
        raise ValueError(f"mapping of {table}: unknown {unknown}, absent {absent or 'line'}")
    return [
        replace(column, with_one_of=tuple(n for n in column.with_one_of if n in columns))
        for column in TABLES[table]
        if column.name in columns
    ]


def zone_bits(columns: Sequence[Column]) -> str:
    """Return SQL for an integer: two bits per timestamp column, zone-less and with a zone."""
    bits = [
        f"coalesce(zone_of({name(column.name)}) << {2 * place}, 0)"
        for place, column in enumerate(timestamps(columns))
    ]
    return f"({' | '.join(bits) or '0'})::BIGINT"


def timestamps(columns: Sequence[Column]) -> list[Column]:
    return [column for column in columns if column.type == "timestamp"]


def check_zones(reading: Reading, columns: Sequence[Column], bits: int) -> None:
    """Refuse a column whose times are partly with and partly without a zone."""
    for place, column in enumerate(timestamps(columns)):
        if bits >> (2 * place) & 3 != 3:
            continue
        rows = reading.run(
            f"SELECT line, {name(column.name)} FROM mapped "
            f"WHERE zone_of({name(column.name)}) = 1 ORDER BY line LIMIT 1"
        )
        raise Refused([mixed_zone(reading, column, *rows[0])])


def mixed_zone(reading: Reading, column: Column, line: int, found: str) -> Problem:
    shown_as = own_name(reading, column.name)
    file, line = reading.place(line)
    return problem(
        "mixed_timezone", f"{shown_as} on line {line} has no time zone, other lines have one.",
        file=file, line=line, column=shown_as, found=found,
        expected="a zone on every line or on none (then UTC)", fix="Add Z or the offset.",
    )  # fmt: skip


def list_problems(reading: Reading, columns: Sequence[Column], bad_rows: int) -> Refused:
    """Return the refusal that names the bad cells, at most a hundred, in file order."""
    cells = ", ".join(
        f"{{'name': {text(c.name)}, 'code': {problem_of(c)}, 'found': {name(c.name)}}}"
        for c in columns
    )
    rows = reading.run(
        f"SELECT line, list_filter([{cells}], lambda cell: cell.code IS NOT NULL) FROM mapped "
        f"WHERE {is_bad(columns)} ORDER BY line LIMIT {PROBLEMS_MAX}"
    )
    by_name = {column.name: column for column in columns}
    # Two of our columns may come from one of the file's: its problem is said once.
    said: dict[tuple[str, int, str | None], Problem] = {}
    for line, wrong in rows:
        for cell in wrong:
            found = bad_value(reading, by_name[cell["name"]], line, cell)
            said.setdefault((found["code"], line, found["column"]), found)
    problems = list(said.values())
    if total := total_at_the_end(reading, columns):
        place = (total["file"], total["line"])
        problems = [p for p in problems if (p["file"], p["line"]) != place] + [total]
    return Refused(problems, max(bad_rows, len(problems)))


def bad_value(reading: Reading, column: Column, line: int, cell: dict[str, Any]) -> Problem:
    """Say in words what is wrong with one value, under the file's own column name."""
    wrong, expected, fix = WORDS[cell["code"]]
    shown_as = own_name(reading, column.name)
    if cell["code"] == "not_allowed":
        expected = reading.document.expected.get(column.name) or ", ".join(column.one_of)
    elif cell["code"] == "bad_list":
        expected = reading.document.expected.get(column.name, "a list")
    elif cell["code"] == "missing_value_beside":
        expected = f"a value in one of {', '.join(column.with_one_of)}"
    elif cell["code"] == "too_long":
        expected = f"at most {column.max_length} bytes"
    file, place = reading.place(line)
    return problem(
        cell["code"], f"{shown_as} on line {place} {wrong}.", file=file, line=place,
        column=shown_as, found=cell["found"] or "", expected=expected, fix=fix,
    )  # fmt: skip


def total_at_the_end(reading: Reading, columns: Sequence[Column]) -> Problem | None:
    """Return the problem of a total row under the table, when the last row is one."""
    if reading.document.reader != "csv":
        return None
    last = reading.run("SELECT * EXCLUDE (_extras) FROM raw ORDER BY _line DESC LIMIT 1")[0]
    line = last[-1]
    row = ["" if cell is None else str(cell) for cell in last[:-1]]
    is_wrong = reading.run(f"SELECT 1 FROM mapped WHERE line = {line} AND {is_bad(columns)}")
    return total_row(*reading.place(line), row) if is_wrong and is_total(row) else None


def own_name(reading: Reading, column: str) -> str:
    """Return the file's own name for one of our columns, of those that its dialects have."""
    names = reading.document.names.get(column, column).split("|")
    return next((name for name in names if reading.header.has(name)), names[0])
