"""Dates like 4/1/25: read only when the file itself proves which part is the day.

Either some value has a part above twelve, or every billing period starts and ends on the first,
so that one part is 1 throughout.
"""

from billing_ingest.engine import name
from billing_ingest.read import Reading

SLASHED = r"^([0-9]{1,2})/([0-9]{1,2})/[0-9]{2,4}$"


def settle_date_order(reading: Reading) -> bool:
    """Find the order of day and month and set it; true when it was found just now."""
    known = reading.run("SELECT getvariable('date_order')")[0][0]
    columns = [column for column in reading.document.dates if reading.header.has(column)]
    if known or not columns:
        return False
    order = proven_order(reading, columns)
    if order:
        reading.con.execute("SET VARIABLE date_order = $1", [order])
    return order is not None


def proven_order(reading: Reading, columns: list[str]) -> str | None:
    """Return mdy or dmy when the values leave one reading only, else None."""
    values = " UNION ALL ".join(
        f"SELECT {name(column)} AS said, {column.startswith('BillingPeriod')} AS is_period FROM raw"
        for column in columns
    )
    first, second, firsts_are_one, seconds_are_one = reading.run(
        f"""
        SELECT max(first), max(second), bool_and(first = 1) FILTER (is_period),
               bool_and(second = 1) FILTER (is_period)
        FROM (SELECT regexp_extract(said, '{SLASHED}', 1)::INTEGER AS first,
                     regexp_extract(said, '{SLASHED}', 2)::INTEGER AS second, is_period
              FROM ({values}) WHERE regexp_matches(said, '{SLASHED}'))
        """
    )[0]
    if first is None or (first > 12 and second > 12):
        return None
    if first > 12 or second > 12:
        return "dmy" if first > 12 else "mdy"
    if firsts_are_one != seconds_are_one:
        return "dmy" if firsts_are_one else "mdy"
    # Every period date is the first of January: both readings are the same day.
    return "mdy" if firsts_are_one and first == 1 and second == 1 else None
