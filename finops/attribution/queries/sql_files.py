"""Run the statements of the `sql` folder. Their text is fixed; values travel as parameters."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from django.db import connection

FOLDER = Path(__file__).parent / "sql"


@cache
def statement(*names: str) -> str:
    """Return the text of the named files, one after the other."""
    return "".join((FOLDER / f"{name}.sql").read_text() for name in names)


def fetch(*names: str, **params: Any) -> list[tuple[Any, ...]]:
    """Run the named files as one statement and return its rows."""
    with connection.cursor() as cursor:
        cursor.execute(statement(*names), params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def fetch_dicts(*names: str, **params: Any) -> list[Mapping[str, Any]]:
    """Run the named files as one statement and return its rows by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement(*names), params)
        columns = [column.name for column in cursor.description or ()]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
