"""The smallest lines behind any figure, and the vendor's own line behind those."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from django.db.models import F

from finops.ledger.models import Charge

from .books import asked_params, scope_params
from .organisation import NO_TEAM, team_refs
from .payer_words import why_paid
from .shapes import CellFilter, CellPage, CellRow, Scope, TeamRef
from .sql_files import fetch, fetch_dicts

SHARED = {"D", "overhead"}


def cells(
    scope: Scope, where: CellFilter, *, after: str | None = None, limit: int = 50
) -> CellPage:
    """Return a page of the period's allocations, the largest amounts first.

    `count` and `nanos` are of all that match; amounts without a rate count as zero there. When
    teams are asked for, shared money is listed with the part that they bear.
    Raises ValueError for an `after` that no page gave.
    """
    size, last_id = position(after)
    params = scope_params(scope) | filter_params(scope, where)
    ((count, nanos),) = fetch("allocated", "cells", "cells_total", **params)
    rows = fetch_dicts(
        "allocated",
        "cells",
        "cells_page",
        **params,
        after_size=size,
        after_id=last_id,
        limit=limit + 1,
    )
    page = rows[:limit]
    refs = team_refs()
    return CellPage(
        rows=[cell_row(row, refs) for row in page],
        count=count,
        nanos=nanos,
        after=f"{page[-1]['size']}-{page[-1]['id']}" if len(rows) > limit else None,
    )


def position(after: str | None) -> tuple[int | None, int | None]:
    """Return the size and id that a page ended with."""
    if after is None:
        return None, None
    size, _, last_id = after.partition("-")
    return int(size), int(last_id)


def filter_params(scope: Scope, where: CellFilter) -> dict[str, Any]:
    if where.team is not None:
        scope = replace(scope, teams=(where.team,), then=None)
    return {
        "vendor": where.vendor,
        "team": where.team,
        "no_team": where.no_team,
        "tier": where.tier,
        "fate": where.fate,
        "reason": where.reason,
        "model": where.model,
        "source": where.source,
        "item": where.item_id,
        "charge": where.charge_id,
        "is_provisional": where.is_provisional,
        "wants_shared": not where.no_team or {where.tier, where.fate} & SHARED != set(),
    } | asked_params(scope)


def cell_row(row: Mapping[str, Any], refs: Mapping[int | None, TeamRef]) -> CellRow:
    return CellRow(
        allocation_id=row["id"],
        day=row["day"],
        vendor=row["vendor"],
        source=row["source"],
        team=refs.get(row["team_id"], NO_TEAM),
        model=row["model"],
        meter=row["meter"],
        project=row["project"],
        tier=row["letter"],
        reason=row["reason"],
        fate=row["fate"],
        item_id=row["item_id"],
        item=row["item"] or "",
        nanos=row["amount"],
        currency=row["currency"],
        is_provisional=row["is_provisional"],
        charged_on=row["charged_on"],
        charge_id=row["charge_id"],
        filename=row["filename"] or "",
        line=row["line"],
        own_nanos=row["own_amount"],
        paid_because=why_paid(row),
    )


def charge(charged_on: date, charge_id: int) -> dict[str, Any] | None:
    """Return a charge's FOCUS columns with its source, import and line; None when unknown.

    Beside the columns: source (key), source_name, import_id, filename, sha256.
    """
    found = (
        Charge.objects.filter(charged_on=charged_on, id=charge_id)
        .annotate(
            source=F("slice__source__key"),
            source_name=F("slice__source__name"),
            import_id=F("slice__imp_id"),
            filename=F("slice__imp__filename"),
            sha256=F("slice__imp__sha256"),
        )
        .values()
        .first()
    )
    if found is None:
        return None
    return {name: value for name, value in found.items() if name != "slice_id"}
