"""Which work did the money pay for, and what of it was redone or dropped."""

from collections.abc import Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from .books import asked_params, scope_params
from .chains import redone
from .shapes import FATES, ItemList, ItemRow, Scope
from .sql_files import fetch, fetch_dicts

__all__ = ["redone", "work_items"]
SECONDS_OF_DAY = 86_400
TENTH = Decimal("0.1")


def work_items(
    scope: Scope,
    *,
    fate: str = "",
    kind: str = "",
    search: str = "",
    offset: int = 0,
    limit: int = 10,
    now: datetime,
) -> ItemList:
    """Return a page of the items that the period's A and B cells reached, the dearest first.

    `search` looks into titles and keys. `fates` counts what kind and search leave, whatever the
    fate asked for; `count`, `nanos` and `rest_nanos` keep to that fate.
    """
    params = scope_params(scope) | asked_params(scope)
    params |= {"kind": kind, "search": search.strip()}
    found = {
        name: (count, nanos) for name, count, nanos in fetch("items", "items_by_fate", **params)
    }
    page = fetch_dicts(
        "items", "items_page", "people_of_page", **params, fate=fate, limit=limit, offset=offset
    )
    rows = [item_row(row, now) for row in page]
    counted = found.values() if not fate else [found.get(fate, (0, 0))]
    nanos = sum(part for _, part in counted)
    return ItemList(
        rows=rows,
        count=sum(count for count, _ in counted),
        nanos=nanos,
        fates={name: found[name] for name in FATES if name in found},
        rest_nanos=nanos - sum(row.nanos for row in rows),
    )


def item_row(row: Mapping[str, Any], now: datetime) -> ItemRow:
    sizes = [size for size in (row["size_added"], row["size_deleted"]) if size is not None]
    return ItemRow(
        item_id=row["id"],
        kind=row["kind"],
        external_id=row["external_id"],
        title=row["title"] or row["external_id"],
        url=row["url"],
        state=row["state"],
        fate=row["fate"],
        nanos=row["nanos"],
        tiers=row["tiers"],
        cycle_days=cycle_days(
            row["started_at"] or row["created_at"], row["completed_at"] or row["closed_at"], now
        ),
        lines=sum(sizes) if sizes else None,
        people=row["people"],
        completed_on=row["completed_at"].date() if row["completed_at"] else None,
    )


def cycle_days(begin: datetime | None, end: datetime | None, now: datetime) -> Decimal | None:
    """Return days to a tenth; None when the beginning is unknown or later than the end.

    Without an end it is the age; `now` is the start of an hour, which work may be younger than.
    """
    if begin is None:
        return None
    end = end or max(begin, now)
    if begin > end:
        return None
    seconds = Decimal(int((end - begin).total_seconds()))
    return (seconds / SECONDS_OF_DAY).quantize(TENTH, rounding=ROUND_HALF_UP)
