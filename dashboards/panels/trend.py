"""Is a dollar buying more or less? Weekly cost per outcome with its interval, over weekly spend."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import verdicts, words
from dashboards.exports import amounts, per_unit
from dashboards.fates import kind_of
from dashboards.figures.trend import labels, reference_part, spark, spend_part, unit_part
from dashboards.menus import mark
from dashboards.panel import Asked, Panel, Table
from dashboards.reports import of_page, team_row
from finops.attribution.queries import trend
from finops.attribution.queries.shapes import Week
from finops.outcomes.kinds import KINDS, Kind
from finops.periods import Period

WEEKS = 13
A_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Trend:
    """The weeks of one kind of outcome; `company` is the same for all teams, on a team's page."""

    kind: Kind
    kinds: list[str]
    weeks: list[Week]
    company: list[Week]


def ask(asked: Asked) -> Trend:
    """The kind that the address names, else the one that took most of the money."""
    kinds = verdicts.kinds_by_cost(team_row(asked) if asked.team else of_page(asked).now.total)
    wanted = asked.params.get("kind") or ""
    slug = wanted if wanted in KINDS else next(iter(kinds), "pull_request")
    scope = asked.scope()
    groups = [scope.teams, None] if asked.team else [scope.teams]
    weeks, *company = trend.weekly_of(scope, groups, kind=slug, weeks=WEEKS, now=asked.now)
    return Trend(kind_of(slug), kinds, weeks, company[0] if company else [])


def show(found: Trend, asked: Asked) -> dict[str, Any]:
    if not any(week.billed or week.provisional or week.outcomes for week in found.weeks):
        return {
            "answer": f"No money and no finished work in the {WEEKS} weeks up to the end of the period.",
            "both_views": False,
        }
    return {
        "answer": answer(found, asked),
        "figure": {
            "kind": "trend",
            "id": "trend-data",
            "size": "line" if asked.team else "trend",
            "data": figure_data(found, asked),
            "spark": spark(found.weeks),
            "words": f"Weekly cost per {found.kind.outcome} with its interval, and weekly spend.",
        },
        "kinds": kind_tabs(found, asked),
        "rows": [row(week, found.kind, asked) for week in found.weeks],
        "kind": found.kind,
        "how": how(found, asked),
        "links": [{"label": "Lines behind it", "href": lines_of(found.weeks, asked)}],
    }


def figure_data(found: Trend, asked: Asked) -> dict[str, Any]:
    more: dict[str, Any] = {}
    if asked.team:
        colour = mark(asked.team)
        last = next((w.direct for w in reversed(found.weeks) if w.direct is not None), None)
        end = [asked.team.name, words.money(last, asked.currency)] if last is not None else []
        more = {"colour": f"--o-team-{colour}", "end": end}
    return {
        "periods": labels(found.weeks),
        "unit": unit_part(found.weeks, found.kind, asked.currency, found.company, **more),
        "reference": reference_part(found.company, "All teams", asked.currency)
        if found.company
        else None,
        "spend": None if asked.team else spend_part(found.weeks, asked.currency),
        "marks": [],
    }


def answer(found: Trend, asked: Asked) -> SafeString | str:
    """The last week against the first, and whether their intervals part."""
    known = [week for week in found.weeks if week.direct is not None]
    if len(known) < 2:
        return f"Too few weeks with a {found.kind.outcome} to say."
    first, last = known[0], known[-1]
    difference: Decimal = (last.direct or Decimal(0)) - (first.direct or Decimal(0))
    more = "more" if difference > 0 else "less"
    return format_html(
        "A {} cost {} in the last week, {} than {} weeks ago, while weekly spend {}. {}",
        found.kind.outcome,
        words.bold(words.money(last.direct or 0, asked.currency)),
        words.bold(f"{words.money(abs(difference), asked.currency)} {more}"),
        (last.start - first.start).days // 7,
        spend_moved(first, last),
        overlap(first, last),
    )


def spend_moved(first: Week, last: Week) -> str:
    growth = words.change_of(last.billed + last.provisional, first.billed + first.provisional)
    if growth is None or abs(growth) < Decimal("0.02"):
        return "stayed about the same"
    return f"{'rose' if growth > 0 else 'fell'} by {words.percent(abs(growth), 0)}"


def overlap(first: Week, last: Week) -> str:
    """Single weeks are noisy: say whether these two can be told apart."""
    if first.low is None or first.high is None or last.low is None or last.high is None:
        return "There are too few of them in a week for an interval."
    if last.low > first.high or last.high < first.low:
        return "The intervals of the two weeks do not overlap."
    return "The intervals of the two weeks overlap, so this may be chance."


def kind_tabs(found: Trend, asked: Asked) -> list[dict[str, Any]]:
    """The other kinds of outcome, each its own trend."""
    if len(found.kinds) < 2:
        return []

    def tab(slug: str) -> dict[str, Any]:
        kind = ("kind", slug)
        return {
            "label": kind_of(slug).outcomes.capitalize(),
            "href": f"{asked.home}{asked.state.query(kind)}#{PANEL.slug}",
            "fragment": f"/panels/{asked.page}/{PANEL.slug}/{asked.state.query(('of', asked.of), kind)}",
            "current": slug == found.kind.slug,
        }

    return [tab(slug) for slug in found.kinds]


def lines_of(weeks: Sequence[Week], asked: Asked) -> str:
    """The address of the lines of all the days of the weeks."""
    days = Period(weeks[0].start, weeks[-1].start + A_WEEK)
    return asked.lines_in(asked.state.with_period(days))


def row(week: Week, kind: Kind, asked: Asked) -> dict[str, Any]:
    has_interval, currency = week.low is not None and week.high is not None, asked.currency
    return {
        "week": words.day(week.start, year=True),
        "href": lines_of([week], asked) if week.billed or week.provisional else "",
        "spend": words.money(week.billed + week.provisional, currency, cents=False),
        "provisional": words.money(week.provisional, currency, cents=False)
        if week.provisional
        else "none",
        "outcomes": words.count(week.outcomes),
        "unit": words.money_or(week.direct, currency, f"no {kind.outcome} finished"),
        "interval": f"{words.money(week.low or 0, currency)} to {words.money(week.high or 0, currency)}"
        if has_interval
        else words.unknown("too few for an interval"),
    }


def how(found: Trend, asked: Asked) -> list[str]:
    noun = found.kind.outcomes
    line = (
        f"Direct cost: money of any date tied to the {noun} whose last completion falls in the week (tiers A and B), "
        "divided by their number. Band: 95 % interval; a very wide one is cut at the edge."
    )
    bars = (
        "Bars: everything dated in the week, all sources. The lighter part is provisional: usage at list price after "
        "the contract discount."
    )
    return [line] if asked.team else [line, bars]


def table(found: Trend, asked: Asked) -> Table:
    weeks: Sequence[Week] = found.weeks
    code = asked.currency.lower()
    columns = (
        "week_start",
        f"billed_{code}",
        f"provisional_{code}",
        found.kind.slug,
        "cost_per_outcome",
        "low_95",
        "high_95",
    )
    billed, soft = amounts([w.billed for w in weeks]), amounts([w.provisional for w in weeks])
    rows = [
        (f"{w.start}", b, p, f"{w.outcomes}", per_unit(w.direct), per_unit(w.low), per_unit(w.high))
        for w, b, p in zip(weeks, billed, soft, strict=True)
    ]
    return Table(columns, rows)


PANEL = Panel(
    slug="trend",
    question="Is a dollar buying more or less?",
    template="panels/trend.html",
    ask=ask,
    show=show,
    table=table,
    span=7,
    both_views=True,
)
