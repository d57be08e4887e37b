"""The first rows of a file as they will be booked, as a table for people."""

import re
from collections.abc import Sequence
from typing import Any

from billing_ingest.payers import Row
from billing_ingest.tables import TABLES
from finops.people.models import Team

SHOWN = 8
COLUMNS = [column for columns in TABLES.values() for column in columns]
COUNTS = {column.name for column in COLUMNS if column.type == "integer"} - {"number"}
NUMBERS = COUNTS | {"line", "number"}
NUMBERS |= {one.name for one in COLUMNS if one.type in ("amount", "quantity", "value")}
# What a person looks for comes first; the rest keeps its order.
FIRST = (
    "line charge_period_start occurred_at kind key state email name service_name provider model "
    "meter actor api_key project repo branch session pr ticket team billed_cost effective_cost "
    "list_cost input_tokens output_tokens billing_currency"
)
RANK = {name: rank for rank, name in enumerate(FIRST.split())}
LABELS = {
    "charge_period_start": "From",
    "charge_period_end": "To",
    "occurred_at": "When",
    "version_at": "State since",
    "service_name": "Service",
    "actor": "Person",
    "api_key": "Key",
    "pr": "Pull request",
    "url": "Address",
}
# What stands for a payer that the row does not name: of a usage log, of a bill.
NO_RULE, BY_USAGE = "no rule yet", "by its usage"
MIDNIGHT = re.compile(r"(?:T00:00:00Z| 00:00:00)$")
WHOLE_MINUTE = re.compile(r"^(\d{4}-\d\d-\d\d)T(\d\d:\d\d):00Z$")


def rows_of(preview: dict[str, Any]) -> list[Row]:
    """The rows that are shown, each {our column: text}."""
    names = preview.get("columns", [])
    return [dict(zip(names, cells, strict=True)) for cells in preview.get("rows", [])[:SHOWN]]


def table_of(preview: dict[str, Any], teams: Sequence[Team | None]) -> dict[str, Any]:
    """The table: columns [{name, is_number}], rows [[{text, is_number, team}]].

    `teams` are the payers of the rows; the column is there when at least one is known.
    """
    names = sorted(preview.get("columns", []), key=lambda name: RANK.get(name, len(RANK)))
    columns = [{"name": label(name), "is_number": name in NUMBERS} for name in names]
    rows: list[list[dict[str, Any]]] = [
        [{"text": cell(name, row[name]), "is_number": name in NUMBERS} for name in names]
        for row in rows_of(preview)
    ]
    if any(teams):
        # What the row says about its team stands beside whom the rules find.
        columns = [{**one, "name": "Team tag"} if one["name"] == "Team" else one for one in columns]
        place = next((i for i, name in enumerate(names) if name in NUMBERS - {"line"}), len(names))
        columns.insert(place, {"name": "Team, by rule", "is_number": False})
        unknown = NO_RULE if "occurred_at" in names else BY_USAGE
        for row, team in zip(rows, teams, strict=True):
            row.insert(place, {"team": team, "is_payer": True, "text": unknown})
    return {"columns": columns, "rows": rows}


def label(name: str) -> str:
    return LABELS.get(name, name.replace("_", " ").capitalize())


def cell(name: str, text: str) -> str:
    """Counts with separators; a midnight is a day, a whole minute has no seconds."""
    if name in COUNTS and text.isdecimal():
        return f"{int(text):,}"
    return WHOLE_MINUTE.sub(r"\1 \2 UTC", MIDNIGHT.sub("", text))
