"""Is the difference only the mix of work? Unit costs as they are, and at one common mix of sizes."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from dashboards import words
from dashboards.exports import per_unit, ratio
from dashboards.fates import kind_of
from dashboards.menus import mark
from dashboards.panel import Asked, Panel, Table
from finops.attribution.queries import like_for_like
from finops.attribution.queries.like_for_like import SIZES, KindMix, TeamMix

NO_SIZE = "no size"
WHY_NOT = {
    "few_outcomes": "under ten outcomes",
    "few_people": "under five people",
    "little_overlap": "under 80 % of the common mix is done here",
}


def ask(asked: Asked) -> list[KindMix]:
    return like_for_like.like_for_like(asked.seen())


def show(found: Sequence[KindMix], asked: Asked) -> dict[str, Any]:
    shown = [each for each in found if each.teams]
    if not shown:
        return {"answer": "No kind of work of this period comes in several known sizes."}
    return {
        "answer": answer(shown[0], asked),
        "groups": [group(each, asked) for each in shown],
        "how": HOW,
        "links": [{"label": "Lines behind it", "href": asked.lines(tier="AB")}],
    }


HOW = (
    (
        "At the common mix: what the sizes of all teams’ work would cost per outcome at this team’s own cost per "
        "size (direct standardisation). Two teams that differ here differ for work of the same size."
    ),
    (
        "Size is lines added and deleted: XS under 10, S under 50, M under 250, L under 1,000, XL. Under five people "
        "or ten outcomes nothing is said; nor where a team does less than 80 % of the common mix. What it never does "
        "is taken to compare like what it does."
    ),
)


def answer(of: KindMix, asked: Asked) -> SafeString | str:
    """What the two furthest teams differ by, and what is left of it at the same mix."""
    judged = [row for row in of.teams if row.alike is not None and row.direct is not None]
    if asked.team and len(of.teams) == 1:
        return alone(of, judged, asked)
    if len(judged) < 2:
        return "Fewer than two teams have ten outcomes, five people and work of the same sizes."
    high, low = judged[0], judged[-1]
    raw = (high.direct or Decimal(0)) - (low.direct or Decimal(0))
    left = (high.alike or Decimal(0)) - (low.alike or Decimal(0))
    return format_html(
        "{} pays {} more per {} than {}; for work of the same sizes {}.",
        high.team.name,
        words.bold(words.money(raw, asked.currency)),
        kind_of(of.kind).outcome,
        low.team.name,
        words.bold(compared(left, asked.currency)),
    )


def compared(left: Decimal, currency: str) -> str:
    if not left:
        return "as much"
    return f"{words.money(abs(left), currency)} {'more' if left > 0 else 'less'}"


def alone(of: KindMix, judged: Sequence[TeamMix], asked: Asked) -> SafeString | str:
    """One team against all teams at their mix."""
    if not judged:
        reasons = [WHY_NOT[row.why_not] for row in of.teams if row.why_not]
        return f"Not compared: {reasons[0]}." if reasons else "Nothing to compare."
    return format_html(
        "For work of the sizes that all teams do, a {} costs {} here and {} in all teams.",
        kind_of(of.kind).outcome,
        words.bold(words.money(judged[0].alike or 0, asked.currency)),
        words.money(company(of), asked.currency),
    )


def company(of: KindMix) -> Decimal:
    """The unit cost of all teams, which is also theirs at the common mix."""
    cost = sum((stratum.cost for stratum in of.mix.values()), Decimal(0))
    return cost / sum((stratum.outcomes for stratum in of.mix.values()), Decimal(0))


def group(of: KindMix, asked: Asked) -> dict[str, Any]:
    kind, currency = kind_of(of.kind), asked.currency
    return {
        "title": kind.outcomes.capitalize(),
        "unit": f"Per {kind.short}",
        "sizes": [size or NO_SIZE for size in of.sizes],
        "rows": [team_row(row, of, asked) for row in of.teams],
        "all": {
            "unit": words.money(company(of), currency, cents=True),
            "number": words.count(sum((s.outcomes for s in of.mix.values()), Decimal(0))),
            "sizes": [words.count(of.mix[size].outcomes) for size in of.sizes],
        },
    }


def team_row(row: TeamMix, of: KindMix, asked: Asked) -> dict[str, Any]:
    reason = WHY_NOT.get(row.why_not, "")
    return {
        "name": row.team.name,
        "mark": mark(row.team),
        "href": "" if asked.team else f"/teams/{row.team.slug}/{asked.state.query()}",
        "number": words.count(row.number),
        "sizes": [words.count(row.outcomes.get(size, Decimal(0))) for size in of.sizes],
        "unit": words.money_or(row.direct, asked.currency, reason, cents=True),
        "alike": words.money_or(row.alike, asked.currency, reason, cents=True),
        "overlap": words.percent(row.overlap, 0),
        "muted": bool(reason),
        "why": reason,
    }


def table(found: Sequence[KindMix], asked: Asked) -> Table:
    code = asked.currency.lower()
    sizes = [f"outcomes_{size.lower() or 'unknown_size'}" for size in SIZES]
    columns = ("kind", "team", "outcomes", *sizes, f"direct_{code}", f"at_common_mix_{code}",
               "share_of_mix", "reason")  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for of in found:
        for row in of.teams:
            numbers = [f"{row.outcomes.get(size, Decimal(0))}" for size in SIZES]
            rows.append((of.kind, row.team.name, f"{row.number}", *numbers, per_unit(row.direct),
                         per_unit(row.alike), ratio(row.overlap), row.why_not))  # fmt: skip
        numbers = [f"{of.mix[size].outcomes if size in of.mix else 0}" for size in SIZES]
        whole = sum((stratum.outcomes for stratum in of.mix.values()), Decimal(0))
        each = per_unit(company(of))
        rows.append((of.kind, "All teams", f"{whole}", *numbers, each, each, ratio(Decimal(1)), ""))
    return Table(columns, rows)


PANEL = Panel(
    "like-for-like",
    "Is the difference only the mix of work?",
    "panels/like_for_like.html",
    ask,
    show,
    table,
)
