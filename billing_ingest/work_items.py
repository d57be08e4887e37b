"""Outcomes: rows of work items, judged and folded to one per item, merged in SQL as a set.

Nothing is ever deleted. An empty cell means "not said" and keeps what is known; people, keys and
links add up.
"""

from django.db import connection

from billing_ingest.charges import row_text
from billing_ingest.check import check_zones, given, is_bad, list_problems, zone_bits
from billing_ingest.connector import Mapping
from billing_ingest.engine import statements
from billing_ingest.parts import Found
from billing_ingest.pipe import Progress, copy_rows
from billing_ingest.read import Reading
from billing_ingest.refusal import Problem, Refused, problem
from billing_ingest.teams import ensure_teams
from finops.ledger.models import Import

LOCK = 0x17E45  # items are shared by all sources: one merge at a time
TIMES = ("created_at", "started_at", "closed_at", "first_review_at", "deployed_at")
NUMBERS = ("number", "size_added", "size_deleted", "value_amount")
TEXTS = ("external_id", "title", "url", "repo", "branch", "base_branch", "team", "value_currency")
LISTS = ("people", "keys", "links")
INCOMING = {
    **dict.fromkeys(("source_id", "import_id", "line"), "bigint"),
    **dict.fromkeys(("kind", "key", "state", "content_hash", *TEXTS), "text"),
    **dict.fromkeys(("version_at", *TIMES), "timestamptz"),
    **dict.fromkeys(("number", "size_added", "size_deleted"), "bigint"),
    "value_amount": "numeric",
    "is_bot_authored": "boolean",
    **dict.fromkeys(("labels", *LISTS), "jsonb"),
}


class WorkItems:
    """The work items of one file."""

    table = "work_item"

    def __init__(self, reading: Reading, mapping: Mapping) -> None:
        self.reading = reading
        reading.map(mapping)
        self.names = reading.mapped_columns()
        self.columns = given("work_item", self.names)

    def examine(self) -> Found:
        """Read the whole file into DuckDB and judge every value."""
        run = self.reading.run
        run(
            f"""CREATE OR REPLACE TEMP TABLE said AS
                SELECT *, md5({row_text(self.columns)}) AS hash, {is_bad(self.columns)} AS bad,
                       {zone_bits(self.columns)} AS zones FROM mapped"""
        )
        records, bad, zones = run(
            "SELECT count(*), count(*) FILTER (bad), bit_or(zones) FROM said"
        )[0]
        found = Found(records, bad, zones or 0)
        if not bad:
            days = "utc(version_at)::DATE"
            found.first_day, found.last_day = run(f"SELECT min({days}), max({days}) FROM said")[0]
            self.check_conflicts()
        return found

    def check_conflicts(self) -> None:
        """Refuse one idempotency key that stands for two different things at the same time."""
        if "idempotency_key" not in self.names:
            return
        rows = self.reading.run(
            """SELECT unnest(list(line ORDER BY line)[2:]) AS again, min(line), idempotency_key FROM said
               WHERE coalesce(idempotency_key, '') <> ''
               GROUP BY idempotency_key, utc(version_at) HAVING count(DISTINCT hash) > 1
               ORDER BY again"""
        )
        if rows:
            raise Refused([self.conflict(*row) for row in rows])

    def conflict(self, line: int, first: int, key: str) -> Problem:
        file, place = self.reading.place(line)
        before = self.reading.said(first)
        return problem(
            "conflicting_line_id", f"Line {place} has the key of {before} and says something else.",
            file=file, line=place, column="idempotency_key", found=key,
            expected="one key for one event", fix="Give each event a key of its own.",
        )  # fmt: skip

    def refusal(self, found: Found) -> Exception:
        return list_problems(self.reading, self.columns, found.bad_rows)

    def check_zones(self, found: Found) -> None:
        check_zones(self.reading, self.columns, found.zones)

    def write(self, imp: Import, progress: Progress) -> None:
        """Merge the items into the books, inside the open transaction."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])
            create_incoming(cursor)
        self.reading.run(f"CREATE OR REPLACE TEMP TABLE folded AS {self.folded()}")
        ensure_teams(
            row[0] for row in self.reading.run("SELECT DISTINCT team FROM folded") if row[0]
        )
        columns = ", ".join(
            f"{name}" for name in INCOMING if name not in ("source_id", "import_id")
        )
        copy_rows(
            self.reading, f"SELECT {imp.source_id}, {imp.id}, {columns} FROM folded", "incoming_item",
            ["source_id", "import_id", *columns.split(", ")], progress,
        )  # fmt: skip
        copy_rows(
            self.reading,
            self.states(),
            "incoming_state",
            ["kind", "key", "to_state", "at"],
            progress,
        )
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE incoming_item; ANALYZE incoming_state;")
            cursor.execute(statements("work_items"))
            cursor.execute("DROP TABLE news; DROP TABLE incoming_item; DROP TABLE incoming_state;")

    def folded(self) -> str:
        """Return SQL for one row per item: the newest word on every column, all people and keys."""
        texts = [f"{self.newest(column)} AS {column}" for column in (*TEXTS, "state", "labels")]
        texts += [f"utc({self.newest(column)}) AS {column}" for column in TIMES]
        texts += [f"{self.newest(column)} AS {column}" for column in NUMBERS]
        texts += [f"{self.together(column)} AS {column}" for column in LISTS]
        flag = self.newest("is_bot_authored")
        return f"""
            SELECT kind, key, {", ".join(texts)},
                   CASE WHEN {flag} IS NOT NULL THEN is_set({flag}) END AS is_bot_authored,
                   max(utc(version_at)) AS version_at, min(line) AS line,
                   md5(string_agg(DISTINCT hash, '' ORDER BY hash)) AS content_hash
            FROM said GROUP BY kind, key"""

    def newest(self, column: str) -> str:
        if column not in self.names:
            return "NULL"
        return (
            f"last({column} ORDER BY utc(version_at), line) FILTER (coalesce({column}, '') <> '')"
        )

    def together(self, column: str) -> str:
        """Return SQL that joins the lists of all rows of an item."""
        if column not in self.names:
            return "NULL"
        return (
            f"to_json(list_distinct(flatten(list(CAST({column} AS JSON[])) "
            f"FILTER (coalesce({column}, '') <> ''))))::VARCHAR"
        )

    def states(self) -> str:
        """Return SQL for every state an item is said to have entered, and when."""
        times = {"created_at": "open", "completed_at": "done", "closed_at": "abandoned"}
        own = {
            state: f"coalesce(nullif({time}, ''), version_at)"
            if time in self.names
            else "version_at"
            for time, state in times.items()
        } | {"reopened": "version_at"}
        at = " ".join(f"WHEN '{state}' THEN {sql}" for state, sql in own.items())
        entered = f"SELECT kind, key, state, utc(CASE state {at} END) FROM said"
        if "created_at" in self.names:
            entered += (
                " UNION SELECT kind, key, 'open', utc(created_at) FROM said "
                "WHERE coalesce(created_at, '') <> ''"
            )
        return entered


def create_incoming(cursor: object) -> None:
    columns = ", ".join(f"{name} {type_}" for name, type_ in INCOMING.items())
    for statement in (
        f"CREATE TEMP TABLE incoming_item ({columns}) ON COMMIT DROP",
        "CREATE TEMP TABLE incoming_state (kind text, key text, to_state text, at timestamptz) ON COMMIT DROP",
    ):
        cursor.execute(statement)  # type: ignore[attr-defined]
