"""Run the statements of the `sql` folder. Their text is fixed; values travel as parameters.

With a moment as `known_on` a statement reads what was known then: `known.sql` puts sums of the
history under the names of the rollups.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

from .shapes import NotKnownError

FOLDER = Path(__file__).parent / "sql"
TABLE = re.compile(r"\b(?:attribution|ledger|outcomes|people)_[a-z]+")
WITH = re.compile(r"((?:\s|--[^\n]*\n)*)with\b")


@cache
def statement(*names: str) -> str:
    """Return the text of the named files, one after the other."""
    return "".join((FOLDER / f"{name}.sql").read_text() for name in names)


@cache
def statement_as_known(*names: str) -> str:
    """Return the same on what was known; raises NotKnownError for what no history is kept of."""
    history, text = statement("known"), statement(*names)
    kept = set(re.findall(r"(?:with|,) (\w+) as ", history))
    if set(TABLE.findall(text)) - kept:
        raise NotKnownError("No history is kept of this: it can be asked as it is known now only.")
    begins = WITH.match(text)
    return f"{history},{text[begins.end() :]}" if begins else history + text


def asked_for(names: tuple[str, ...], params: Mapping[str, Any]) -> str:
    return statement_as_known(*names) if params.get("known_on") else statement(*names)


def fetch(*names: str, **params: Any) -> list[tuple[Any, ...]]:
    """Run the named files as one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(asked_for(names, params), params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_dicts(*names: str, **params: Any) -> list[Mapping[str, Any]]:
    """Run the named files as one statement and return its rows by column name."""
    with connection.cursor() as cursor:
        cursor.execute(asked_for(names, params), params)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
