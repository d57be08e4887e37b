"""The unit cost report as JSON and as words: the same figures, rounded once."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from finops.money import to_cents
from finops.outcomes.kinds import KINDS

from .present import EvenTable, amount, cents_of_column, cents_text, unit_amount
from .queries.shapes import FATES, HIDDEN, TIERS, KindCost, UnitCostReport, UnitCostRow

DIGITS_OF_OUTCOMES = 6
DIGITS_OF_SHARES = 4


@dataclass(frozen=True)
class CentsRow:
    """A row of the report in cents."""

    row: UnitCostRow
    billed: int
    provisional: int
    tiers: Mapping[str, int]
    fates: Mapping[str, int]


def report(answer: UnitCostReport) -> dict[str, Any]:
    """Return the report as the JSON that outsiders rely on."""
    total, *rows = in_cents(answer)
    return {
        "currency": answer.currency,
        "total": row_json(total),
        "rows": [row_json(row) for row in rows],
        "unconverted": {currency: amount(nanos) for currency, nanos in answer.unconverted.items()},
    }


def in_cents(answer: UnitCostReport) -> list[CentsRow]:
    """Return the total and then the rows, rounded so that the rows add up to the total."""
    total, rows = answer.total, answer.rows
    billed, provisional = to_cents(total.billed), to_cents(total.provisional)
    row_billed = cents_of_column([row.billed for row in rows], billed)
    row_provisional = cents_of_column([row.provisional for row in rows], provisional)
    sums = [b + p for b, p in zip(row_billed, row_provisional, strict=True)]
    columns = []
    for names, of in ((TIERS, "tiers"), (FATES, "fates")):
        exact = [[getattr(row, of)[name] for name in names] for row in (total, *rows)]
        top = cents_of_column(exact[0], billed + provisional)
        table = EvenTable(exact[1:], sums, top).cents if rows else []
        columns.append([dict(zip(names, cents, strict=True)) for cents in (top, *table)])
    return [
        CentsRow(*figures)
        for figures in zip(
            (total, *rows),
            (billed, *row_billed),
            (provisional, *row_provisional),
            *columns,
            strict=True,
        )
    ]


def row_json(cents: CentsRow) -> dict[str, Any]:
    return {
        "key": cents.row.key,
        "label": cents.row.label,
        "billed": cents_text(cents.billed),
        "provisional": cents_text(cents.provisional),
        "tiers": {tier: cents_text(part) for tier, part in cents.tiers.items()},
        "fates": {fate: cents_text(part) for fate, part in cents.fates.items()},
        "hidden_cost": cents_text(sum(cents.fates[fate] for fate in HIDDEN)),
        "hidden_share": share(cents.row.hidden_share),
        "kinds": {kind: kind_json(costs) for kind, costs in cents.row.kinds.items()},
    }


def kind_json(costs: KindCost) -> dict[str, Any]:
    return {
        "outcomes": number(costs.outcomes),
        "durable": number(costs.durable),
        "unit_cost": {
            "direct": unit_amount(costs.direct),
            "loaded": unit_amount(costs.loaded),
            "all_in": unit_amount(costs.all_in),
        },
        "interval": {"low": unit_amount(costs.low), "high": unit_amount(costs.high)},
        "matured": number(costs.matured),
        "cost_per_durable": unit_amount(costs.cost_per_durable),
        "durable_rate": {
            "rate": share(costs.durable / costs.matured if costs.matured else None),
            "low": share(costs.durable_low),
            "high": share(costs.durable_high),
        },
    }


def number(outcomes: Decimal) -> int | float:
    """Return a plain number: whole where it is whole, else with at most six decimals."""
    if outcomes == outcomes.to_integral_value():
        return int(outcomes)
    return float(round(outcomes, DIGITS_OF_OUTCOMES))


def share(part: Decimal | None) -> float | None:
    """Return a share of one with four decimals; unknown stays unknown."""
    return None if part is None else float(round(part, DIGITS_OF_SHARES))


def lines(answer: UnitCostReport) -> list[str]:
    """Return the report as lines of words and figures."""
    text: list[str] = []
    for cents in in_cents(answer):
        text += row_lines(cents, answer.currency)
    text += [
        f"Not converted: {amount(nanos)} {currency}, no exchange rate"
        for currency, nanos in answer.unconverted.items()
    ]
    return text


def row_lines(cents: CentsRow, currency: str) -> list[str]:
    spend = cents_text(cents.billed + cents.provisional)
    provisional = (
        f", of it {cents_text(cents.provisional)} provisional" if cents.provisional else ""
    )
    return [
        f"{cents.row.label}: {spend} {currency}{provisional}",
        "  tiers  " + parts(cents.tiers),
        "  fates  " + parts(cents.fates) + hidden(cents.row),
        *(f"  {kind_line(kind, costs, currency)}" for kind, costs in cents.row.kinds.items()),
    ]


def hidden(row: UnitCostRow) -> str:
    """Return how much of the finished work's money did not last; nothing where there is none."""
    if not row.hidden or row.hidden_share is None:
        return ""
    return f"; hidden cost {amount(row.hidden)}, {100 * row.hidden_share:.1f} % of finished work"


def parts(cents: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {cents_text(part)}" for name, part in cents.items() if part) or "none"


def kind_line(kind: str, costs: KindCost, currency: str) -> str:
    """Return one sentence: how many, at what cost, how sure."""
    words = KINDS[kind]
    low, high = unit_amount(costs.low), unit_amount(costs.high)
    if costs.direct is None:
        bound = f"; each costs at least {low} {currency} (95 %)" if low else ""
        return f"no {words.outcome}{bound}"
    return "".join(
        (
            f"{number(costs.outcomes)} {words.outcomes} at {unit_amount(costs.direct)} {currency}",
            f" ({low} to {high}, 95 %)" if low else " (too few for an interval)",
            f", loaded {unit_amount(costs.loaded)}, all-in {unit_amount(costs.all_in)}",
            f", {number(costs.durable)} durable",
            f" at {unit_amount(costs.cost_per_durable)}" if costs.cost_per_durable else "",
        )
    )
