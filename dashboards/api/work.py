"""Endpoints of the work and the lines behind the figures: outcomes, receipts, cells, charges."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

from django.http import Http404

from dashboards.api import shapes
from dashboards.api.base import Endpoint, Question, page_after
from dashboards.api.described import PAGE_PARAMETERS, described, parameter
from dashboards.api.figures import envelope
from dashboards.api.problems import wrong
from dashboards.bill_line import wide
from dashboards.filters import NO_TEAM
from finops.attribution.queries.cells import cells, charge
from finops.attribution.queries.items import work_items
from finops.attribution.queries.receipts import receipt
from finops.attribution.queries.shapes import FATES, TIERS, CellFilter, CellPage, Receipt, Scope
from finops.attribution.queries.witnesses import witnesses
from finops.ledger.queries import raw_line
from finops.outcomes.kinds import KINDS
from finops.people.access import Sight

ID_MAX = 2**63 - 1
CELLS_CURSOR = re.compile(r"[0-9]{1,19}-[0-9]{1,18}")
OFFSET_MAX = 1_000_000
# Columns of a charge that may name a person.
PERSONAL = ("actor", "tags", "extras")
COST = parameter("cost", "The cost column.", enum=["billed", "effective"])


class Outcomes(Endpoint):
    parameters = ("fate", "kind", "search", "limit", "cursor")

    @described(
        "Which work the money paid for, dearest first",
        shapes.OutcomesShape,
        parameter("fate", "Only what met this fate.", enum=list(FATES)),
        parameter("kind", "Only this kind.", enum=list(KINDS)),
        parameter("search", "Part of a title or key."),
        *PAGE_PARAMETERS,
    )
    def get(self, question: Question) -> Any:
        scope, offset = question.seen, offset_of(question)
        found = work_items(
            scope,
            fate=question.choice("fate", FATES),
            kind=question.choice("kind", tuple(KINDS)),
            search=question.text("search"),
            offset=offset,
            limit=question.limit,
            now=question.now,
        )
        end = offset + len(found.rows)
        more = end if found.rows and end < found.count else None
        answer = {
            **envelope(question, scope),
            **page_after(question, None if more is None else str(more)),
            "count": found.count,
            "total": found.nanos,
            "outcomes": found.rows,
        }
        return shapes.OutcomesShape(answer).data


def offset_of(question: Question) -> int:
    text = question.cursor or "0"
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= OFFSET_MAX):
        raise wrong("cursor", "Not a cursor that a page gave.")
    return int(text)


class OutcomeReceipt(Endpoint):
    parameters = ("cost",)
    reads_state = False

    @described(
        "What one work item cost, and why we say so", shapes.ReceiptShape, COST, reads_state=False
    )
    def get(self, question: Question, item_id: int) -> Any:
        cost: Any = question.choice("cost", ("billed", "effective"), "billed")
        found = receipt(item_id, cost=cost, now=question.now) if item_id <= ID_MAX else None
        if found is None or not may_see(question.sight, found):
            raise Http404
        answer = {
            **vars(found),
            "currency": question.about.organisation.reporting_currency,
            "cost": cost,
            "payers": [{"team": team, "amount": nanos} for team, nanos in found.payers],
            "related": [
                dict(zip(("role", "id", "external_id", "direct"), row, strict=True))
                for row in found.related
            ],
        }
        return shapes.ReceiptShape(answer).data


def may_see(sight: Sight, found: Receipt) -> bool:
    """Those see a receipt whose team did the work or paid for some of it."""
    return any(sight.sees(team.id) for team in (found.team, *(team for team, _ in found.payers)))


class Cells(Endpoint):
    knows_no_team = True
    parameters = (
        "vendor", "tier", "fate", "reason", "model", "source", "outcome", "provisional",
        "limit", "cursor",
    )  # fmt: skip

    @described(
        "The smallest lines behind any figure, dearest first",
        shapes.CellsShape,
        *(parameter(name, f"Only this {name}.") for name in ("vendor", "reason", "model")),
        parameter("source", "Key of a source."),
        parameter("tier", "Only this tier.", enum=list(TIERS)),
        parameter("fate", "Only this fate.", enum=list(FATES)),
        parameter("outcome", "Id of a work item.", type="integer"),
        parameter("provisional", "Only money billed, or not billed yet.", enum=["true", "false"]),
        *PAGE_PARAMETERS,
    )
    def get(self, question: Question) -> Any:
        found = lines_of(question, where(question))
        answer = {
            **envelope(question, question.seen),
            **page_after(question, found.after),
            "count": found.count,
            "total": found.nanos,
            "cells": found.rows,
        }
        return shapes.CellsShape(answer).data


def lines_of(question: Question, wanted: CellFilter) -> CellPage:
    """A page of cells; those without a team only for those who see everything."""
    if wanted.no_team and question.sight.teams is not None:
        return CellPage([], 0, 0, None)
    after = question.cursor or None
    if after and not (CELLS_CURSOR.fullmatch(after) and int(after.partition("-")[0]) <= ID_MAX):
        raise wrong("cursor", "Not a cursor that a page gave.")
    return cells(question.seen, wanted, after=after, limit=question.limit)


def where(question: Question) -> CellFilter:
    provisional = question.choice("provisional", ("true", "false"))
    return CellFilter(
        vendor=question.text("vendor"),
        no_team=NO_TEAM in question.params.getlist("team"),
        tier=question.choice("tier", TIERS),
        fate=question.choice("fate", FATES),
        reason=question.text("reason"),
        model=question.text("model"),
        source=question.text("source"),
        item_id=question.number("outcome", 0, 1, ID_MAX) or None,
        is_provisional=provisional == "true" if provisional else None,
    )


class ChargeLine(Endpoint):
    reads_state = False

    @described(
        "One line of a bill, down to the vendor's own text", shapes.ChargeShape, reads_state=False
    )
    def get(self, question: Question, day: date, charge_id: int) -> Any:
        found = charge(day, charge_id) if charge_id <= ID_MAX else None
        if not found or not paid_for_some(question.sight, found):
            raise Http404
        raw = None
        if question.sight.can_upload:
            raw = raw_line(found["import_id"], found["line"])
        elif not question.about.organisation.person_level:
            found = {name: value for name, value in found.items() if name not in PERSONAL}
        columns = {name: written(value) for name, value in found.items()}
        seen_by = shapes.WitnessShape(witnesses(day, charge_id), many=True).data
        return {"charge": columns, "raw_line": raw, "witnesses": seen_by}


def written(value: Any) -> Any:
    """Amounts with the file's own digits, as text: JSON numbers would become binary."""
    return f"{value:f}" if isinstance(value, Decimal) else value


def paid_for_some(sight: Sight, found: dict[str, Any]) -> bool:
    """Whether any cell of the charge belongs to a team in sight."""
    if sight.teams is None:
        return True
    scope = Scope(wide(found, found["charged_on"]), sight.teams)
    return cells(scope, CellFilter(charge_id=found["id"]), limit=1).count > 0
