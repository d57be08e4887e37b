"""Which teams get what from it? Per kind of outcome: spend, outcomes, unit cost with its interval."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import verdicts, words
from dashboards.exports import amounts, per_unit, ratio
from dashboards.fates import kind_of
from dashboards.figures.whisker import Scale, table_scale, whisker
from dashboards.menus import mark
from dashboards.panel import Asked, Panel, Table
from dashboards.reports import by_team
from finops.attribution.queries.shapes import KindCost, UnitCostReport, UnitCostRow
from finops.money import NANOS


@dataclass(frozen=True)
class Found:
    """The report by team, and the total and the rows of the period it is compared with."""

    now: UnitCostReport
    before: UnitCostRow | None
    rows_before: list[UnitCostRow]

    def row_before(self, key: str) -> UnitCostRow | None:
        return next((row for row in self.rows_before if row.key == key), None)


def ask(asked: Asked) -> Found:
    """Rows of teams out of sight are left out; the total stays everybody's."""
    found = by_team(asked)
    return Found(seen(found.now, asked), found.before, found.rows_before)


def seen(report: UnitCostReport, asked: Asked) -> UnitCostReport:
    rows = [row for row in report.rows if row.team and asked.sight.sees(row.team.id)]
    return UnitCostReport(report.currency, report.total, rows, report.unconverted)


def show(found: Found, asked: Asked) -> dict[str, Any]:
    everything = found.now.total
    spend = Spend.of(found, asked)
    groups = [group(slug, found, spend, asked) for slug in verdicts.kinds_by_cost(everything)]
    without = [row for row in by_spend(found.now.rows) if not verdicts.main_kind(row) and row.spend]
    return {
        "answer": answer(found, asked),
        "groups": [group for group in groups if group["rows"]],
        "others": [other(row, spend, asked) for row in without],
        "total": {
            "spend": words.money(everything.spend, asked.currency, cents=False),
            "href": asked.lines() if asked.sight.teams is None else "",
            "tied": share_text(verdicts.tied_share(everything)),
            "change": growth_text(found, asked),
        },
        "is_partial": asked.sight.teams is not None,
        "against": words.short_period_name(asked.state.against) if asked.state.against else "",
        "how": how(asked),
        "links": links(asked),
    }


def links(asked: Asked) -> list[dict[str, str]]:
    found = [{"label": "Lines behind it", "href": asked.lines()}]
    if asked.page != "teams":
        found.insert(0, {"label": "Compare teams", "href": f"/teams/{asked.state.query()}"})
    return found


@dataclass(frozen=True)
class Spend:
    """What each row spent in whole units, such that the column adds up to its foot."""

    units: dict[str, int]
    currency: str

    @classmethod
    def of(cls, found: Found, asked: Asked) -> "Spend":
        nanos = [row.spend for row in found.now.rows]
        whole, _ = words.that_add_up(nanos, sum(nanos), NANOS)
        keys = [row.key for row in found.now.rows]
        return cls(dict(zip(keys, whole, strict=True)), asked.currency)

    def text(self, *rows: UnitCostRow) -> str:
        """The amount of a row, or of several together."""
        return words.written(Decimal(sum(self.units[row.key] for row in rows)), self.currency, 0)


def by_spend(rows: Sequence[UnitCostRow]) -> list[UnitCostRow]:
    """The largest spend first; money without a team last."""
    return sorted(rows, key=lambda row: (row.team is None or row.team.id is None, -row.spend))


def group(slug: str, found: Found, spend: Spend, asked: Asked) -> dict[str, Any]:
    """The teams that finished work of one kind, on one scale, with all of them together below."""
    kind = kind_of(slug)
    rows = [row for row in by_spend(found.now.rows) if has(row, slug)]
    total = found.now.total.kinds[slug]
    scale = table_scale([*(row.kinds[slug] for row in rows), total], asked.currency)
    reference = total.direct if len(rows) > 1 else None
    company_before = found.before.kinds.get(slug) if found.before else None
    return {
        "kind": kind,
        "title": kind.outcomes.capitalize(),
        "unit": f"Per {kind.short}",
        "scale": {"ticks": scale.shown_ticks},
        "rows": [
            team_row(row, slug, found, scale, reference, asked) | spent(row, slug, spend)
            for row in rows
        ],
        "sum": sum_row(slug, rows, spend, asked)
        | unit_cells(total, company_before, scale, total.direct, asked)
        if len(rows) > 1
        else None,
    }


def has(row: UnitCostRow, slug: str) -> bool:
    return slug in row.kinds and bool(row.kinds[slug].outcomes) and row.team is not None


def team_row(
    row: UnitCostRow, slug: str, found: Found, scale: Scale, reference: Decimal | None, asked: Asked
) -> dict[str, Any]:
    """A team's name, its unit cost of one kind, and how much of its money is tied."""
    cost, team = row.kinds[slug], row.team
    before = found.row_before(row.key)
    href = f"/teams/{team.slug}/{asked.state.query()}" if team and team.id else ""
    return {
        "name": row.label,
        "mark": mark(team) if team else "none",
        "href": href,
        "muted": not cost.has_verdict,
        **unit_cells(cost, before.kinds.get(slug) if before else None, scale, reference, asked),
        "tied": share_text(verdicts.tied_share(row), 0),
    }


def spent(row: UnitCostRow, slug: str, spend: Spend) -> dict[str, str]:
    """Spend stands in the group of the kind that took most of it, so that it is never shown twice."""
    return {"spend": spend.text(row) if verdicts.main_kind(row) == slug else ""}


def unit_cells(
    cost: KindCost, before: KindCost | None, scale: Scale, reference: Decimal | None, asked: Asked
) -> dict[str, Any]:
    """What one kind cost: count, picture, unit cost, all-in, durable rate, change."""
    picture = whisker(cost, scale, asked.currency, reference=reference, in_table=True)
    return {
        "outcomes": words.count(cost.outcomes),
        "whisker": picture if cost.direct is not None else None,
        "unit": words.money_or(cost.direct, asked.currency, verdicts.why_not(cost), cents=True),
        "all_in": words.money_or(cost.all_in, asked.currency, "not known", cents=True),
        "durable": durable_text(cost),
        "change": change_text(cost, before, asked),
    }


def sum_row(slug: str, rows: Sequence[UnitCostRow], spend: Spend, asked: Asked) -> dict[str, Any]:
    """The teams of the group together; the spend is the sum of what stands above it."""
    main = [row for row in rows if verdicts.main_kind(row) == slug]
    tied = words.share_of(sum(map(verdicts.tied, main)), sum(row.spend for row in main))
    whole = asked.sight.teams is None
    teams = tuple(row.team for row in main if row.team and row.team.id is not None)
    return {
        "name": f"{words.in_words(len(rows)).capitalize()} teams together"
        if whole
        else "All teams",
        "spend": spend.text(*main) if whole else "",
        "href": asked.lines_in(replace(asked.state, teams=teams)) if whole and teams else "",
        "tied": share_text(tied) if whole else "",
    }


def durable_text(cost: KindCost) -> SafeString | str:
    rate = verdicts.durable_rate(cost)
    if rate is None:
        return words.unknown("fewer than ten outcomes are old enough to judge")
    return words.percent(rate)


def share_text(share: Decimal | None, digits: int = 0) -> SafeString | str:
    return words.percent(share, digits) if share is not None else words.unknown("nothing was spent")


def change_text(cost: KindCost, before: KindCost | None, asked: Asked) -> SafeString | str:
    """A change for the worse that leaves the interval is marked; inside the interval it is grey."""
    if not cost.has_verdict:
        return words.unknown(verdicts.why_not(cost))
    growth = verdicts.change(cost, before)
    if growth is None:
        return words.unknown("nothing to compare with")
    said = words.percent(growth, signed=True)
    if before is None or not verdicts.is_outside(cost, before):
        return format_html('<span class="o-flat" title="within the interval">{}</span>', said)
    return format_html('<span class="o-up">{}</span>', said) if growth > 0 else said


def other(row: UnitCostRow, spend: Spend, asked: Asked) -> dict[str, Any]:
    """A team that finished nothing, or money without a team, with what can be done about it."""
    team = row.team
    is_nobody = team is None or team.id is None
    return {
        "name": row.label,
        "mark": mark(team) if team else "none",
        "href": "" if is_nobody or team is None else f"/teams/{team.slug}/{asked.state.query()}",
        "spend": spend.text(row),
        "words": "Keys, people and projects that nobody has mapped to a team."
        if is_nobody
        else "No finished work in the period.",
        "lines": asked.lines(team="none") if is_nobody else "",
    }


def growth_text(found: Found, asked: Asked) -> SafeString | str:
    if found.before is None:
        return words.unknown("the page compares with nothing")
    growth = words.change_of(found.now.total.spend, found.before.spend)
    if growth is None:
        return words.unknown("nothing was spent before")
    return words.percent(growth, signed=True)


def answer(found: Found, asked: Asked) -> SafeString | str:
    """The cheapest and the dearest team of the main kind, among those with a verdict."""
    slug = verdicts.main_kind(found.now.total)
    if not slug:
        return "No finished work is tied to money in this period yet."
    judged = [row for row in found.now.rows if has(row, slug) and row.kinds[slug].has_verdict]
    judged.sort(key=lambda row: row.kinds[slug].direct or 0)
    kind = kind_of(slug)
    if len(judged) < 2:
        return f"Too few {kind.outcomes} per team to compare teams."
    low, high = judged[0], judged[-1]
    return format_html(
        "{} pays the least per {}, {}. {} pays {}{}.",
        low.label,
        kind.outcome,
        words.bold(words.money(low.kinds[slug].direct or 0, asked.currency)),
        high.label,
        words.bold(words.money(high.kinds[slug].direct or 0, asked.currency)),
        growth_clause(high, slug, found),
    )


def growth_clause(row: UnitCostRow, slug: str, found: Found) -> str:
    before = found.row_before(row.key)
    growth = verdicts.change(row.kinds[slug], before.kinds.get(slug) if before else None)
    if growth is None:
        return ""
    return f", {'up' if growth > 0 else 'down'} {words.percent(abs(growth))}"


def how(asked: Asked) -> list[str]:
    least = asked.organisation.tied_percent_min
    return [
        (
            "Per outcome is the direct cost: money of any date tied to the work that was completed in the period "
            "(tiers A and B), divided by its number. All-in: everything the team was billed in the period, divided by "
            "the same number. Dashed line: all teams together."
        ),
        (
            f"Grey with an open dot: under {least}{words.NBSP}% tied or under ten outcomes, so no verdict. A change "
            "in grey lies within the interval."
        ),
        (
            "Durable: still standing after 14 days (pull requests) or 7 days (tickets), of those old enough to judge. "
            "A team with several kinds shows its spend once, beside the kind that took most of it."
        ),
    ]


def table(found: Found, asked: Asked) -> Table:
    code = asked.currency.lower()
    columns = (
        "team",
        f"spend_{code}",
        "provisional",
        "tied_share",
        "kind",
        "outcomes",
        "durable",
        "matured",
        f"direct_{code}",
        "low_95",
        "high_95",
        f"loaded_{code}",
        f"all_in_{code}",
        "verdict",
    )
    order = by_spend(found.now.rows)
    spend, soft = amounts([r.spend for r in order]), amounts([r.provisional for r in order])
    rows: list[tuple[str, ...]] = []
    for row, money, provisional in zip(order, spend, soft, strict=True):
        start = (row.label, money, provisional, ratio(verdicts.tied_share(row)))
        kinds = verdicts.kinds_by_cost(row)
        rows += [(*start, *kind_cells(slug, row.kinds[slug])) for slug in kinds] or [
            (*start, *[""] * 10)
        ]
    return Table(columns, rows)


def kind_cells(slug: str, cost: KindCost) -> tuple[str, ...]:
    return (
        slug,
        f"{cost.outcomes}",
        f"{cost.durable}",
        f"{cost.matured}",
        per_unit(cost.direct),
        per_unit(cost.low),
        per_unit(cost.high),
        per_unit(cost.loaded),
        per_unit(cost.all_in),
        "yes" if cost.has_verdict else cost.why_not,
    )


PANEL = Panel(
    slug="by-team",
    question="Which teams get what from it?",
    template="panels/teams.html",
    ask=ask,
    show=show,
    table=table,
    flush=True,
    tall=True,
)
