"""What one work item cost, and why we say so."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from finops.periods import month_of

from .books import read_books, summed
from .items import cycle_days
from .organisation import NO_TEAM, refs_of, standing
from .payer_words import rule_words
from .shapes import CostColumn, Receipt, ReceiptLine, Scope, TeamRef
from .sql_files import fetch, fetch_dicts

WHY = {
    "A1": "named in the usage record",
    "A2": "the session named in the commits",
    "A3": "the branch",
    "A4": "the ticket",
    "B": "person and time window",
}
ROLES = {
    "reverts": "reverts",
    "reverts this": "reverted by",
    "fixes": "fixes",
    "fixes this": "fixed by",
    "closes": "closes",
    "closes this": "closed by",
    "reopens": "reopens",
    "reopens this": "reopened by",
    "duplicates": "duplicate of",
    "duplicates this": "duplicated by",
    "part_of": "part of",
    "part_of this": "has part",
}
Refs = Mapping[int | None, TeamRef]


def receipt(item_id: int, *, cost: CostColumn, now: datetime) -> Receipt | None:
    """Return the receipt of a work item over cells of any date, or None for an unknown id.

    The pool and overhead shares are those of the month of its completion; nothing unless done.
    Sessions and people appear as counts only.
    """
    params = {"item": item_id, "effective": cost == "effective"}
    found = fetch_dicts("receipt_item", "people_of_page", **params)
    if not found:
        return None
    item = found[0]
    books = standing()
    refs = refs_of(books.teams)
    lines = fetch_dicts("receipt_lines", **params, currency=books.company.reporting_currency)
    tiers = summed((str(line["tier"])[0], line["nanos"]) for line in lines)
    payers = summed((refs.get(line["team_id"], NO_TEAM), line["nanos"]) for line in lines)
    pool_share, overhead_share = shares_of_month(item, cost, now)
    sizes = [size for size in (item["size_added"], item["size_deleted"]) if size is not None]
    return Receipt(
        item_id=item_id,
        kind=item["kind"],
        external_id=item["external_id"],
        title=item["title"] or item["external_id"],
        url=item["url"],
        state=item["state"],
        fate=item["fate"],
        team=refs.get(item["payee_id"], NO_TEAM),
        direct=sum(line["nanos"] for line in lines),
        tiers={tier: tiers.get(tier, 0) for tier in ("A", "B")},
        pool_share=pool_share,
        overhead_share=overhead_share,
        created_at=item["created_at"],
        started_at=item["started_at"],
        first_review_at=item["first_review_at"],
        completed_at=item["completed_at"],
        closed_at=item["closed_at"],
        cycle_days=cycle_days(
            item["started_at"] or item["created_at"],
            item["completed_at"] or item["closed_at"],
            now,
        ),
        lines_changed=sum(sizes) if sizes else None,
        people=item["people"],
        sessions=len({name for line in lines for name in line["sessions"] or ()}),
        payers=sorted(payers.items(), key=lambda pair: (-pair[1], pair[0].slug)),
        related=[
            (ROLES.get(said, said), other, external_id, nanos)
            for said, other, external_id, nanos in fetch("receipt_related", **params)
        ],
        lines=[line_of(line, refs) for line in lines],
        days=days_of(lines),
    )


def why(line: Mapping[str, Any]) -> str:
    """Return what brought a line to the item, and the rule that chose its payer."""
    rule = rule_words(line)
    return f"{WHY[line['tier']]}; its payer by {rule}" if rule else WHY[line["tier"]]


def line_of(line: Mapping[str, Any], refs: Refs) -> ReceiptLine:
    return ReceiptLine(
        tier=line["tier"],
        why=why(line),
        day=line["day"],
        vendor=line["vendor"],
        model=line["model"],
        meter=line["meter"],
        quantity=line["quantity"],
        list_nanos=line["list_nanos"],
        nanos=line["nanos"],
        is_provisional=line["is_provisional"],
        charged_on=line["charged_on"],
        charge_id=line["charge_id"],
        filename=line["filename"] or "",
        line=line["line"],
        source=line["source"] or "",
        payer=refs.get(line["team_id"], NO_TEAM),
    )


def shares_of_month(item: Mapping[str, Any], cost: CostColumn, now: datetime) -> tuple[int, int]:
    """Return the item's part of its teams' pools and of their shared money.

    A team's shared money of a kind is divided by credit, as the loaded unit cost does.
    """
    if item["completed_at"] is None:
        return 0, 0
    credit = dict(item["credits"] or ())
    if not credit:
        return 0, 0
    month = month_of(item["completed_at"].date())
    ((pooled,),) = fetch(
        "pool_share",
        item=item["id"],
        effective=cost == "effective",
        start=month.start,
        end=month.end,
        teams=list(credit),
    )
    books = read_books(Scope(month, tuple(credit), cost), now=now)
    shared = 0
    for team, ppm in credit.items():
        of_kind = books.overhead.get((team, item["kind"]), 0)
        all_ppm = books.credit((team, item["kind"]))
        shared += round_half_up(of_kind * ppm, all_ppm) if all_ppm else 0
    return pooled, shared


def round_half_up(amount: int, parts: int) -> int:
    """Return amount / parts to a whole number, halves away from zero."""
    sign = -1 if amount < 0 else 1
    return sign * ((2 * abs(amount) + parts) // (2 * parts))


def days_of(lines: list[Mapping[str, Any]]) -> list[tuple[date, str, int]]:
    """Return what was spent per day and model."""
    sums = summed(((line["day"], line["model"]), line["nanos"]) for line in lines)
    return [(day, model, nanos) for (day, model), nanos in sorted(sums.items())]
