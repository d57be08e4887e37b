"""The lines behind any figure: which of them the address asks for, and how they are shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import Http404
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.fates import FATE_ORDER, TIER_WORDS, fate_label, reason_label
from dashboards.filters import NO_TEAM
from dashboards.menus import mark
from dashboards.panel import Asked
from dashboards.panels.receipt import bill_line
from dashboards.panels.work import short_id
from finops.attribution.queries import cells
from finops.attribution.queries.shapes import CellFilter, CellPage, CellRow, Scope

PAGE = 50
EXPORT_PAGE = 2000
EXPORTED_MAX = 200_000
TEXTS = ("vendor", "model", "reason", "source")
COLUMNS = (
    "day",
    "vendor",
    "source",
    "team",
    "model",
    "meter",
    "project",
    "tier",
    "reason",
    "fate",
    "item",
    "amount",
    "currency",
    "provisional",
    "file",
    "line",
    "charge",
    "paid because",
)


@dataclass(frozen=True)
class Wanted:
    """The scope and the conditions of a list of lines."""

    scope: Scope
    where: CellFilter
    conditions: tuple[tuple[str, str, str], ...]  # name in the address, words, value in words


def wanted(asked: Asked) -> Wanted:
    """Read the conditions; the scope never reaches beyond what the asker may see."""
    get = asked.params.get
    item = get("item") or ""
    tier, fate = get("tier") or "", get("fate") or ""
    fates = fate.split(",")
    provisional = {"yes": True, "no": False}.get(get("provisional") or "")
    where = CellFilter(
        vendor=get("vendor") or "",
        model=get("model") or "",
        reason=get("reason") or "",
        source=get("source") or "",
        no_team=get("team") == NO_TEAM,
        tier=tier if set(tier) <= TIER_WORDS.keys() else "",
        fate=fate if set(fates) <= set(FATE_ORDER) else "",
        item_id=int(item) if item.isdecimal() and len(item) < 18 else None,
        is_provisional=provisional,
    )
    return Wanted(asked.seen(), where, tuple(conditions(where)))


def conditions(where: CellFilter) -> Iterator[tuple[str, str, str]]:
    if where.no_team:
        yield "team", "Team", "none"
    for name in ("vendor", "model", "source"):
        if value := getattr(where, name):
            yield name, name.capitalize(), value
    if where.reason:
        yield "reason", "Reason", reason_label(where.reason)
    if where.tier:
        yield "tier", "Tier", tier_condition(where.tier)
    if where.fate:
        yield "fate", "Fate", words.listed([fate_label(f) for f in where.fate.split(",")])
    if where.item_id is not None:
        yield "item", "Work item", f"number {where.item_id}"
    if where.is_provisional is not None:
        yield "provisional", "Provisional", "only" if where.is_provisional else "none"


def tier_condition(tier: str) -> str:
    """D, shared by all teams; of several only their letters: A and B."""
    return f"{tier}, {TIER_WORDS[tier]}" if tier in TIER_WORDS else words.listed(list(tier))


def fetch(asked: Asked, want: Wanted) -> CellPage:
    if want.where.no_team and asked.sight.teams is not None:
        return CellPage([], 0, 0, None)
    after = asked.params.get("after") or None
    try:
        return cells.cells(want.scope, want.where, after=after, limit=PAGE)
    except ValueError:
        raise Http404("There is no such page of lines.") from None


def show(found: CellPage, want: Wanted, asked: Asked) -> dict[str, Any]:
    after = asked.params.get("after")
    return {
        "answer": answer(found, want, asked),
        "chips": [chip(name, label, value, asked) for name, label, value in want.conditions],
        "rows": [row(line, asked) for line in found.rows],
        "total": words.money(found.nanos, asked.currency, cents=True),
        "pages": {
            "first_href": address(asked) if after else "",
            "next_href": address(asked, after=found.after) if found.after else "",
            "words": f"{len(found.rows)} of {words.plural(found.count, 'line')}, dearest first",
        },
        "csv_href": address(asked, ending="export/"),
    }


def answer(found: CellPage, want: Wanted, asked: Asked) -> SafeString:
    period = words.period_name(asked.state.period)
    if not found.count:
        return format_html("No line of {} matches.", period)
    return format_html(
        "{} of {} add{} up to {}{}.",
        words.bold(words.plural(found.count, "line")),
        period,
        "s" if found.count == 1 else "",
        words.bold(words.money(found.nanos, asked.currency, cents=True)),
        shared_clause(want, asked),
    )


def shared_clause(want: Wanted, asked: Asked) -> str:
    """Money that all teams share stands among the lines of some with the part that they bear."""
    tier, fate = want.where.tier, want.where.fate
    if want.scope.teams is None or (tier and "D" not in tier) or (fate and "overhead" not in fate):
        return ""
    names = [team.name for team in asked.state.teams if asked.sight.sees(team.id)]
    bearer = f"{words.listed(names)} bear{'s' if len(names) == 1 else ''}" if names else "they bear"
    if tier == "D" or fate == "overhead":
        return f", the part that {bearer} of what all teams share"
    return f"; shared money counts with the part that {bearer}"


def pairs_of(asked: Asked, without: str = "") -> list[tuple[str, str]]:
    """The conditions as pairs of an address, without one of them."""
    names = [*TEXTS, "tier", "fate", "item", "provisional"]
    pairs = [(n, asked.params.get(n) or "") for n in names if n != without]
    if asked.params.get("team") == NO_TEAM and without != "team":
        pairs.append(("team", NO_TEAM))
    return pairs


def address(asked: Asked, *, without: str = "", after: str | None = None, ending: str = "") -> str:
    pairs = [*pairs_of(asked, without), ("after", after or "")]
    return f"/spend/lines/{ending}{asked.state.query(*pairs)}"


def chip(name: str, label: str, value: str, asked: Asked) -> dict[str, str]:
    return {"label": label, "value": value, "href": address(asked, without=name)}


def row(line: CellRow, asked: Asked) -> dict[str, Any]:
    has_bill = line.charge_id is not None and line.charged_on is not None
    unconverted = words.unknown(f"no rate for {line.currency} on that day")
    return {
        "day": words.day(line.day, year=True),
        "vendor": line.vendor,
        "model": line.model or "no model named",
        "meter": line.meter.replace("_", " "),
        "team": {"name": team_name(line), "mark": mark(line.team)},
        "tier": line.tier[:1],
        "tier_words": TIER_WORDS.get(line.tier[:1], ""),
        "reason": reason_label(line.reason) if line.reason else "",
        "fate": {"key": line.fate, "label": fate_label(line.fate)},
        "item": short_id(line.item) if line.item else "",
        "item_href": f"/outcomes/{line.item_id}/" if line.item_id is not None else "",
        "text": words.money(line.nanos, asked.currency, cents=True)
        if line.nanos is not None
        else unconverted,
        "exact": exact(line.nanos, asked.currency) if line.nanos is not None else "",
        "href": f"/spend/lines/{line.charged_on}-{line.charge_id}/" if has_bill else "",
        "bill": bill_line(line.line, line.filename, line.source),
        "file": line.filename,
        "is_provisional": line.is_provisional,
        "paid_because": line.paid_because,
    }


def team_name(line: CellRow) -> str:
    """Shared money belongs to no team; in a team's list it stands with that team's part."""
    return "Shared" if line.tier.startswith("D") else line.team.name


def exact(nanos: int, currency: str) -> str:
    """All nine digits, for hover: small lines round to nothing in cents."""
    return words.written(Decimal(nanos).scaleb(-9), currency, 9)


def exported(asked: Asked, want: Wanted) -> Iterator[Sequence[str]]:
    """Every line, page after page, so that a large file needs no large memory."""
    yield COLUMNS
    after: str | None = None
    count = 0
    while count < EXPORTED_MAX:
        found = cells.cells(want.scope, want.where, after=after, limit=EXPORT_PAGE)
        for line in found.rows:
            yield exported_row(line, asked)
        count += len(found.rows)
        after = found.after
        if after is None:
            return


def exported_row(line: CellRow, asked: Asked) -> tuple[str, ...]:
    amount = "" if line.nanos is None else f"{Decimal(line.nanos).scaleb(-9):.9f}"
    return (
        f"{line.day}",
        line.vendor,
        line.source,
        team_name(line),
        line.model,
        line.meter,
        line.project,
        line.tier,
        line.reason,
        line.fate,
        line.item,
        amount,
        asked.currency,
        "yes" if line.is_provisional else "no",
        line.filename,
        f"{line.line or ''}",
        f"{line.charged_on}-{line.charge_id}" if line.charge_id is not None else "",
        line.paid_because,
    )


def split_of(charged: CellPage, asked: Asked) -> list[dict[str, Any]]:
    """Where one bill line went."""
    return [row(line, asked) for line in charged.rows]
