"""Usage logs: judged and reduced to one row per hour or day and set of dimensions, in one pass.

The reduction happens in DuckDB, so that a log of millions of requests reaches PostgreSQL as few
rows. A log that names its requests counts each of them once.
"""

from collections.abc import Mapping as Dict
from datetime import date, timedelta

from billing_ingest.check import check_zones, given, is_bad, list_problems, zone_bits
from billing_ingest.connector import Mapping
from billing_ingest.engine import name, text
from billing_ingest.packing import pack
from billing_ingest.parts import Found, Group
from billing_ingest.pipe import Progress, copy_rows
from billing_ingest.prices import METERS, keep_in_book, spans
from billing_ingest.read import Reading
from billing_ingest.requests_seen import ids_kept
from billing_ingest.tables import COUNTS, DIMENSIONS
from finops.ledger.models import Source

TABLE = "ledger_usage"
UNITS = {
    "day": "{document} || strftime(occurred_on, '%Y-%m-%d')",
    "object": "{document} || {object}",
}
# A file of several objects names them itself.
UNIT_OF_ROW = "{document} || replace(object_key, '|', '_')"
TOKENS = {
    "input": "input_tokens", "cached_input": "cached_input_tokens",
    "cache_write": "cache_write_tokens", "output": "output_tokens",
}  # fmt: skip
LIST_COSTS = ("list_cost", *(f"{meter}_list_cost" for meter in TOKENS))
WASTE = ("failed_list_cost", "retried_list_cost", "empty_list_cost")
# What is summed up per row, and as what.
SUMS = (
    dict.fromkeys(COUNTS, "BIGINT")
    | dict.fromkeys((*LIST_COSTS, *WASTE), "DECIMAL(38, 18)")
    | {"quantity": "DECIMAL(38, 12)"}
)
FLAGS = ("is_shared", "is_excluded")
TEXTS = tuple(c.name for c in DIMENSIONS if c.type == "text")
KEYS = (
    "occurred_on",
    "occurred_at",
    "grain",
    "billing_scope",
    "list_currency",
    "meter",
    "unit",
    *TEXTS,
    *FLAGS,
    "tags",
)
DAY = timedelta(days=1)
COST = "DECIMAL(38, 18)"


class Usages:
    """The usage rows of one file."""

    table = "usage"

    def __init__(
        self, reading: Reading, mapping: Mapping, object_key: str, source: Source | None = None
    ) -> None:
        self.reading = reading
        reading.map(mapping)
        self.names = reading.mapped_columns()
        self.columns = given("usage", self.names)
        unit = UNIT_OF_ROW if self.has("object_key") else UNITS[mapping.replaces]
        self.unit = unit.format(document=text(f"{reading.document.name}:"), object=text(object_key))
        self.source = source
        self.packing = mapping.packing
        self.is_packed = False
        self.names_requests = False
        self.object_key = f"{reading.document.name}:{object_key}"

    def examine(self) -> Found:
        """Read the whole file: judge every value, count every request once, sum up."""
        found = self.examine_packed()
        if found is None:
            self.reading.show_lines()
            found = self.examine_lines()
        if not found.bad_rows:
            found.groups = self.groups()
        return found

    def examine_packed(self) -> Found | None:
        """Take the quick way for a plain file; None when the file is not that plain."""
        self.is_packed = False
        if self.packing is None or not pack(self.reading, self.packing):
            return None
        self.is_packed = True
        self.reading.run("CREATE OR REPLACE TEMP TABLE repeats (line BIGINT)")
        self.names_requests = self.reading.header.has(self.packing.request)
        found = self.reduce(0)
        if found.bad_rows or (self.names_requests and self.find_counted_before()):
            self.is_packed = False
            return None
        return found

    def examine_lines(self) -> Found:
        repeats = self.find_repeats()
        found = self.reduce(repeats)
        if found.bad_rows == 0 and self.names_requests:
            before = self.find_counted_before()
            found = self.reduce(repeats + before) if before else found
        return found

    def reduce(self, repeats: int) -> Found:
        """Sum up the lines that are no repeats."""
        if self.is_packed:
            with self.reading.any_order():
                self.reading.run(f"CREATE OR REPLACE TEMP TABLE reduced AS {self.unpacked()}")
        else:
            reduced = self.reduced(repeats > 0)
            self.reading.run(f"CREATE OR REPLACE TEMP TABLE reduced AS {reduced}")
        lines, bad, zones = self.reading.run(
            "SELECT coalesce(sum(lines), 0)::BIGINT, coalesce(sum(bad), 0)::BIGINT, bit_or(zones) FROM reduced"
        )[0]
        found = Found(lines + repeats, bad, zones or 0)
        if repeats:
            words = f"{repeats} lines repeat a request that was counted already; each request counts once."
            found.warnings.append({"code": "repeated_requests", "message": words})
        return found

    def find_repeats(self) -> int:
        """Fill the table `repeats` with the lines that repeat a request of this file."""
        run = self.reading.run
        run("CREATE OR REPLACE TEMP TABLE repeats (line BIGINT)")
        self.names_requests = "request_id" in self.names and bool(run(f"SELECT 1 {NAMED} LIMIT 1"))
        if not self.names_requests:
            return 0
        run(
            "CREATE OR REPLACE TEMP TABLE requests AS SELECT hash(request_id) AS id, "
            f"min(line) AS line, count(*) AS times {NAMED} GROUP BY 1"
        )
        if not run("SELECT 1 FROM requests WHERE times > 1 LIMIT 1"):
            return 0
        return self.leave_out(
            """SELECT mapped.line FROM mapped JOIN (SELECT id, line FROM requests WHERE times > 1) AS first
               ON hash(request_id) = first.id AND mapped.line <> first.line"""
        )

    def find_counted_before(self) -> int:
        """Leave out the requests that another delivery of the source counts already."""
        days = self.reading.run("SELECT min(occurred_on), max(occurred_on) FROM reduced")[0]
        if self.source is None or days[0] is None:
            return 0
        with ids_kept(self.source, self.object_key, *days) as files:
            if not files:
                return 0
            listed = ", ".join(text(str(path)) for path in files)
            before = self.leave_out(
                f"""SELECT line FROM requests SEMI JOIN read_parquet([{listed}]) AS kept USING (id)
                    WHERE line > 0"""
            )
        # They are not this delivery's: it does not keep them.
        self.reading.run("UPDATE requests SET line = 0 WHERE line IN (SELECT line FROM repeats)")
        return before

    def leave_out(self, lines: str) -> int:
        """Add the lines that the query gives to `repeats`; return how many."""
        return int(self.reading.run(f"INSERT INTO repeats {lines}")[0][0])

    def reduced(self, has_repeats: bool) -> str:
        """Return SQL for the sums per key, with the number of bad lines in each.

        Lines without a list cost stay apart from those with one: a sum must not hide a gap.
        """
        apart = "".join(
            f", coalesce({column}, '') = '' AS no_{column}"
            for column in (*TOKENS.values(), *WASTE, "list_cost", "quantity")
            if self.has(column)
        )
        source = "mapped ANTI JOIN repeats USING (line)" if has_repeats else "mapped"
        return f"""
            SELECT {self.keys()}{apart}, min(line) AS line, count(*) AS lines, {self.measures("sum")}
                   count(*) FILTER ({is_bad(self.columns)}) AS bad,
                   bit_or({zone_bits(self.columns)}) AS zones
            FROM {source} GROUP BY ALL"""

    def unpacked(self) -> str:
        """Return SQL for the packed rows as they are mapped; their lines are added up already."""
        return f"""
            SELECT {self.keys()}, line, packed.lines, {self.measures("")}
                   ({is_bad(self.columns)})::INTEGER AS bad, {zone_bits(self.columns)} AS zones
            FROM mapped JOIN (SELECT line, lines FROM packed) AS packed USING (line)"""

    def keys(self) -> str:
        named = ("object_key",) if self.has("object_key") else ()
        return ", ".join(f"{self.key_sql(key)} AS {key}" for key in (*KEYS, *named))

    def measures(self, function: str) -> str:
        """Return SQL for counts and costs, each followed by a comma."""
        return " ".join(
            f"{function}(try_cast({measure} AS {type_}))::{type_} AS {measure},"
            for measure, type_ in SUMS.items()
            if self.has(measure)
        )

    def has(self, column: str) -> bool:
        return column in self.names

    def key_sql(self, key: str) -> str:
        at = "utc(mapped.occurred_at)"
        grain = "nullif(mapped.grain, '')" if self.has("grain") else "NULL"
        grain = f"coalesce({grain}, CASE WHEN strlen(mapped.occurred_at) <= 10 THEN 'day' ELSE 'hour' END)"
        special = {
            "occurred_on": f"{at}::DATE",
            "occurred_at": f"date_trunc(CASE {grain} WHEN 'day' THEN 'day' ELSE 'hour' END, {at})",
            "grain": grain,
        }
        if key in special:
            return special[key]
        if not self.has(key):
            return {"list_currency": "'USD'", "tags": "NULL::VARCHAR"}.get(
                key, "false" if key in FLAGS else "''"
            )
        value = f"mapped.{key}"
        if key == "tags":
            return f"nullif({value}, '')"
        if key == "list_currency":
            return f"coalesce(nullif({value}, ''), 'USD')"
        return f"is_set({value})" if key in FLAGS else f"coalesce({value}, '')"

    def groups(self) -> list[Group]:
        texts = ", ".join(self.stored())
        rows = self.reading.run(
            f"""SELECT {self.unit} AS slice_unit, min(occurred_on), max(occurred_on), sum(lines)::BIGINT, count(*),
                       sum(hash({texts})::HUGEINT)
                FROM reduced GROUP BY slice_unit ORDER BY slice_unit"""
        )
        return [
            Group(unit, unit, None, first, last, (first, last + DAY), lines, f"{count}:{hash_}")
            for unit, first, last, lines, count, hash_ in rows
        ]

    def stored(self) -> list[str]:
        """Return the columns that are stored as they are in `reduced`."""
        return [*KEYS, *(c for c in SUMS if self.has(c))]

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        check_zones(self.reading, self.columns, found.zones)

    def months(self, keys: Dict[str, int]) -> list[date]:
        """Return the months that the usage of these slices falls in."""
        self.plan(keys)
        rows = self.reading.run(
            "SELECT DISTINCT date_trunc('month', occurred_on)::DATE FROM reduced "
            f"SEMI JOIN plan ON {self.unit} = plan.key"
        )
        return sorted(row[0] for row in rows)

    def plan(self, keys: Dict[str, int]) -> None:
        self.reading.fill("plan", {"key": "VARCHAR", "slice_id": "BIGINT"}, keys.items())

    def write(self, keys: Dict[str, int], progress: Progress) -> None:
        """Copy the rows of the slices (key -> slice id) into PostgreSQL, priced."""
        self.plan(keys)
        self.price()
        select = {key: f"reduced.{key}" for key in KEYS}
        kept = (*COUNTS, *WASTE, "quantity")
        select |= {column: f"reduced.{column}" for column in kept if self.has(column)}
        select |= {"line": "line", "lines": "lines", "slice_id": "slice_id"} | self.costs()
        joins = "".join(
            f" LEFT JOIN price AS {meter} ON {meter}.meter = '{meter}' AND {meter}.provider = reduced.provider "
            f"AND {meter}.model = reduced.model AND occurred_on >= {meter}.valid_from "
            f"AND occurred_on < {meter}.valid_to"
            for meter in METERS
            if self.has(f"{meter}_tokens")
        )
        rows = ", ".join(f"{sql} AS {name(column)}" for column, sql in select.items())
        copy_rows(
            self.reading, f"SELECT {rows} FROM reduced JOIN plan ON {self.unit} = plan.key{joins}", TABLE,
            list(select), progress,
        )  # fmt: skip

    def price(self) -> None:
        """Make the table `price` of the models in the log: USD per token over half-open days."""
        models = self.reading.run("SELECT DISTINCT provider, model FROM reduced WHERE model <> ''")
        used = spans((provider, model) for provider, model in models)
        keep_in_book(used)
        columns = dict.fromkeys(("provider", "model", "meter"), "VARCHAR")
        columns |= {"valid_from": "DATE", "valid_to": "DATE", "usd": "DECIMAL(18, 15)"}
        rows = [
            (s.provider, s.model, s.meter, s.valid_from or date.min, s.valid_to or date.max,
             f"{s.usd_per_million.scaleb(-6):f}")
            for s in used
        ]  # fmt: skip
        self.reading.fill("price", columns, rows)

    def costs(self) -> dict[str, str]:
        """Return SQL for the list costs: the log's own, else tokens times the book's price.

        A log in another currency than the book's keeps what it says and nothing else.
        """
        costs = {}
        for meter, tokens in TOKENS.items():
            own = f"reduced.{meter}_list_cost" if self.has(f"{meter}_list_cost") else "NULL"
            book = "NULL"
            if self.has(tokens):
                book = (
                    f"CASE WHEN list_currency <> 'USD' THEN NULL WHEN {tokens} = 0 THEN 0 "
                    f"ELSE {self.book_cost(meter)}::{COST} END"
                )
            costs[f"{meter}_list_cost"] = f"coalesce({own}, {book})::{COST}"
        # A sum is known only when every meter that was used is priced.
        parts = [
            f"CASE WHEN coalesce({tokens}, 0) = 0 THEN 0 ELSE {costs[f'{meter}_list_cost']} END"
            for meter, tokens in TOKENS.items()
            if self.has(tokens)
        ]
        own = "reduced.list_cost" if self.has("list_cost") else "NULL"
        has_tokens = " OR ".join(
            f"{tokens} IS NOT NULL" for tokens in TOKENS.values() if self.has(tokens)
        )
        total = f"CASE WHEN {has_tokens} THEN {' + '.join(parts)} END" if parts else "NULL"
        return {"list_cost": f"coalesce({own}, {total})::{COST}"} | costs

    def book_cost(self, meter: str) -> str:
        """Return SQL for a meter's tokens at the book's price; an hour in the cache has its own."""
        tokens = f"{TOKENS[meter]}::DECIMAL(18, 0)"
        long_kept = "cache_write_1h_tokens"
        if meter != "cache_write" or not self.has(long_kept):
            return f"({tokens} * {meter}.usd)"
        short = f"{TOKENS[meter]} - coalesce({long_kept}, 0)"
        return (
            f"(CASE WHEN {short} = 0 THEN 0 ELSE ({short})::DECIMAL(18, 0) * {meter}.usd END"
            f" + CASE WHEN coalesce({long_kept}, 0) = 0 THEN 0"
            f" ELSE {long_kept}::DECIMAL(18, 0) * cache_write_1h.usd END)"
        )


NAMED = "FROM mapped WHERE coalesce(request_id, '') <> ''"
