"""Lines of a log added up before their mapping runs: the quick way for logs of millions of lines.

It takes only files in which every line passes plain tests and no request comes twice. For any
other file it steps back, and the lines are judged one by one.
"""

from billing_ingest.connector import Packing
from billing_ingest.engine import name
from billing_ingest.read import Reading

MIXED = 3  # some times with a zone, some without


def pack(reading: Reading, packing: Packing) -> bool:
    """Make the table `packed` and let `raw` be it. False when the file is not that plain."""
    reading.run(f"CREATE OR REPLACE TEMP TABLE packed AS {packed(reading, packing)}")
    odd_lines, zones = reading.run("SELECT sum(odd), bit_or(zone) FROM packed")[0]
    if odd_lines or odd_lines is None or zones == MIXED or has_repeats(reading, packing):
        return False
    reading.con.execute(raw_of_packed(reading, packing))
    return True


def packed(reading: Reading, packing: Packing) -> str:
    """Return SQL for one row per hour and set of other columns, with the number of odd lines."""
    keys = [name(column) for column in other_columns(reading, packing)]
    counts, costs = (present(reading, columns) for columns in (packing.counts, packing.costs))
    time = name(packing.time)
    sums = [f"sum(try_cast({c} AS BIGINT)) AS {c}" for c in counts]
    sums += [f"sum(try_cast({c} AS DECIMAL(38, 18))) AS {c}" for c in costs]
    # A sum must not hide a gap: lines without a value stay apart from those with one.
    apart = [f"({c} IS NULL OR {c} = '') AS no_{i}" for i, c in enumerate([*counts, *costs])]
    if reading.header.has(packing.request):
        sums.append(
            f"list(hash({name(packing.request)})) FILTER ({name(packing.request)} <> '') AS ids"
        )
    return f"""
        SELECT {", ".join([*keys, *apart])}, date_trunc('hour', utc({time})) AS hour, strlen({time}) = 10 AS is_day,
               bit_or(coalesce(zone_of({time}), 0)) AS zone,
               {", ".join([*sums, ""])} count(*) AS lines, min(_line) AS line,
               count(*) FILTER ({odd(time, counts, costs)}) AS odd
        FROM lines GROUP BY ALL"""


def odd(time: str, counts: list[str], costs: list[str]) -> str:
    """Return SQL that says whether a line needs a closer look. Plain tests; too strict is fine."""
    tests = [f"NOT coalesce({time} LIKE '20__-__-__%' AND utc({time}) IS NOT NULL, false)"]
    tests += [
        f"NOT coalesce({c} = '' OR regexp_full_match({c}, '[0-9]{{1,12}}'), true)" for c in counts
    ]
    tests += [
        f"NOT coalesce({c} = '' OR regexp_full_match({c}, '[0-9]{{1,9}}(\\.[0-9]{{1,18}})?'), true)"
        for c in costs
    ]
    said = ", ".join(f"nullif({column}, '')" for column in [*counts, *costs])
    tests.append(f"coalesce({said}, NULL) IS NULL")
    return " OR ".join(tests)


def has_repeats(reading: Reading, packing: Packing) -> bool:
    """Keep the request ids in the table `requests`; true when one comes twice."""
    if not reading.header.has(packing.request):
        return False
    reading.run(
        "CREATE OR REPLACE TEMP TABLE requests AS SELECT unnest(ids) AS id, 1::BIGINT AS line FROM packed"
    )
    reading.run("ALTER TABLE packed DROP COLUMN ids")
    return bool(reading.run("SELECT count(*) <> count(DISTINCT id) FROM requests")[0][0])


def raw_of_packed(reading: Reading, packing: Packing) -> str:
    """Return SQL of the view `raw` with the columns of the file, out of the packed rows."""
    document = reading.document
    columns = {
        packing.time: "CASE WHEN is_day THEN strftime(hour, '%Y-%m-%d') "
        "ELSE strftime(hour, '%Y-%m-%dT%H:%M:%SZ') END"
    }
    for column in (*document.required, *document.optional):
        if column in columns:
            continue
        known = reading.header.has(column) and column != packing.request
        columns[column] = f"{name(column)}::VARCHAR" if known else "NULL::VARCHAR"
    listed = ", ".join(f"{sql} AS {name(column)}" for column, sql in columns.items())
    return (
        f"CREATE OR REPLACE TEMP VIEW raw AS SELECT {listed}, line AS _line, NULL::VARCHAR AS _extras, "
        "lines AS _lines FROM packed"
    )


def other_columns(reading: Reading, packing: Packing) -> list[str]:
    """Return the columns that make lines differ: those the mapping knows and does not sum up."""
    summed = {packing.time, packing.request, *packing.counts, *packing.costs}
    known = (*reading.document.required, *reading.document.optional)
    return [c for c in known if reading.header.has(c) and c not in summed]


def present(reading: Reading, columns: tuple[str, ...]) -> list[str]:
    return [name(column) for column in columns if reading.header.has(column)]
