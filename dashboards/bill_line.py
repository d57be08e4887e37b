"""One line of a bill as a page: its columns by theme, the vendor's own text, where its money went."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.lines import row
from dashboards.panel import Asked
from finops.attribution.queries.shapes import CellPage, TeamRef
from finops.attribution.queries.witnesses import LOG, Witness
from finops.ledger.queries import raw_line
from finops.periods import Period

RAW_SHOWN = 20_000
# Every column of a charge, in the order a reader looks for it. What is not named here comes last.
THEMES = (
    ("Cost", ("billed_cost", "effective_cost", "list_cost", "contracted_cost", "billing_currency")),
    ("What was bought", (
        "charge_category", "charge_class", "charge_description", "charge_frequency", "service_name",
        "service_category", "service_subcategory", "model", "meter", "service_tier", "sku_id", "sku_meter",
        "sku_price_id",
    )),
    ("How much", (
        "consumed_quantity", "consumed_unit", "pricing_quantity", "pricing_unit", "list_unit_price",
        "contracted_unit_price",
    )),
    ("When", ("charge_period_start", "charge_period_end", "billing_period_start", "billing_period_end")),
    ("Who sold it and who was billed", (
        "provider_name", "publisher_name", "invoice_issuer_name", "invoice_id", "billing_account_id",
        "billing_account_name", "sub_account_id", "sub_account_name", "region_id", "resource_id", "resource_name",
    )),
    ("What it says about the work", (
        "actor", "api_key", "project", "repo", "branch", "session", "pr", "ticket", "conversation", "deal", "team",
        "is_shared", "is_excluded", "tags",
    )),
)  # fmt: skip
AROUND = frozenset(("import_id", "filename", "sha256", "source", "source_name", "line"))
INTERNAL = frozenset(
    ("id", "slice", "slice_id", "charged_on", "billed_nanos", "effective_nanos", "provider")
)


def describe(
    charge: Mapping[str, Any], went: CellPage, seen_by: Sequence[Witness], asked: Asked
) -> dict[str, Any]:
    """The context of pages/line.html."""
    line, filename = charge.get("line"), str(charge.get("filename") or "")
    currency = str(charge.get("billing_currency") or asked.currency)
    hidden = went.count - len(went.rows)
    return {
        "has_charts": False,
        "crumbs": [
            {"label": "Lines", "href": f"/spend/lines/{asked.state.query()}"},
            {"label": f"{filename}, line {line:,}" if line is not None else filename},
        ],
        "question": "What does the vendor say, and where did it go?",
        "answer": answer(charge, went, currency),
        "themes": list(themes(charge)),
        "origin": origin(charge),
        "witnesses": witnessed(seen_by),
        "raw": raw_text(charge),
        "rows": [row(cell, asked) for cell in went.rows],
        "total": words.money(went.nanos, asked.currency, cents=True),
        "more": words.plural(hidden, "more cell") if hidden else "",
    }


def payers(went: CellPage, asked: Asked) -> list[TeamRef]:
    """The teams that pay a part of the line and for which the asker may dispute it."""
    found = {cell.team.id: cell.team for cell in went.rows if cell.tier != "D"}
    return [team for key, team in found.items() if key is not None and asked.sight.sees(key)]


def wide(charge: Mapping[str, Any], charged_on: date) -> Period:
    """The days that the cells of a charge can have: those of the charge, whole."""
    end = charge.get("charge_period_end")
    last = end.date() if isinstance(end, datetime) else charged_on
    return Period(charged_on, max(last, charged_on) + timedelta(days=1))


def answer(charge: Mapping[str, Any], went: CellPage, currency: str) -> SafeString:
    """$9.84 on the bill of Anthropic, split over 12 cells of 3 teams."""
    billed = charge.get("billed_cost")
    amount = (
        words.written(Decimal(billed), currency, 2) if billed is not None else "An unknown amount"
    )
    teams = {cell.team.name for cell in went.rows}
    split = "It has not been split yet."
    if went.rows:
        split = (
            f"It went to {words.plural(went.count, 'cell')} of {words.plural(len(teams), 'team')}."
        )
    issuer = charge.get("invoice_issuer_name") or charge.get("provider_name") or "the vendor"
    return format_html("{} on the bill of {}. {}", words.bold(amount), issuer, split)


def themes(charge: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The columns that say something, by theme; what the file had beyond our names comes last."""
    named = {name for _, names in THEMES for name in names}
    for title, names in THEMES:
        pairs = [(name, text) for name in names if (text := written(charge.get(name)))]
        if pairs:
            yield {"title": title, "pairs": pairs}
    extras = charge.get("extras")
    rest = [(str(k), written(v)) for k, v in extras.items()] if isinstance(extras, Mapping) else []
    known = named | AROUND | INTERNAL | {"extras"}
    rest += [
        (name, text)
        for name, value in charge.items()
        if name not in known and (text := written(value))
    ]
    if rest:
        yield {"title": "Other columns of the file", "pairs": rest}


def written(value: Any) -> str:
    """A value in full: money with the file's own digits, times in UTC."""
    if value is None or value in ("", False):
        return ""
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}={v}" for k, v in value.items())
    return "yes" if value is True else str(value)


def plain(value: Decimal) -> str:
    """Without an exponent and without padding zeros, two decimals at least when there are any."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def origin(charge: Mapping[str, Any]) -> list[tuple[str, str]]:
    source = charge.get("source_name") or charge.get("source") or charge.get("source_key")
    pairs = [
        ("source", source), ("file", charge.get("filename")), ("line", charge.get("line")),
        ("import", charge.get("import_id")), ("sha256", charge.get("sha256")),
    ]  # fmt: skip
    return [(name, str(value)) for name, value in pairs if value not in (None, "")]


def witnessed(seen_by: Sequence[Witness]) -> str:
    """Seen by the bill, Gateway and Telemetry; counted once, by Gateway."""
    money = next((one for one in seen_by if one.is_money), None)
    others = [one.name for one in seen_by if one.role != LOG and not one.is_money]
    logs = [one for one in seen_by if one.role == LOG]
    parts = []
    if logs:
        names = words.listed(["the bill", *(log.name for log in logs)])
        counting = words.listed([log.name for log in logs if log.counted > 0])
        parts.append(f"Seen by {names}; counted once, by {counting}.")
    elif money:
        parts.append("Seen by the bill alone: no log tells of these days.")
    if others:
        also = "is" if len(others) == 1 else "are"
        booked = f" {money.name} is the money." if money else ""
        parts.append(
            f"{words.listed(others)} {also} a bill of the same account and period and books nothing.{booked}"
        )
    return " ".join(parts)


def raw_text(charge: Mapping[str, Any]) -> str:
    """The archived line as the vendor wrote it; empty when it cannot be read any more."""
    import_id, line = charge.get("import_id"), charge.get("line")
    if import_id is None or line is None:
        return ""
    text: str = raw_line(int(import_id), int(line))
    return text[:RAW_SHOWN]


def read_charge(text: str) -> tuple[date, int]:
    """2026-10-03-12345: the day a charge is kept under, and its number."""
    day, _, number = text.rpartition("-")
    try:
        return date.fromisoformat(day), int(number)
    except ValueError:
        raise Http404("There is no such line.") from None
