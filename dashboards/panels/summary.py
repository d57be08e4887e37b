"""The head of a page: its answer in one sentence, and the strip of figures below it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboards import verdicts, words
from dashboards.fates import LOST, kind_of
from dashboards.figures.whisker import interval, strip_scale, whisker
from dashboards.panel import Asked
from dashboards.reports import by_team
from finops.attribution.queries.shapes import KindCost, UnitCostRow

KINDS_SHOWN = 2
COINS = {"USD": ("dollar", "cent"), "EUR": ("euro", "cent")}


def lead(row: UnitCostRow, before: UnitCostRow | None, asked: Asked) -> SafeString:
    """$176,320, 10.9 % more than in September. It paid for 1,470 merged pull requests at ..."""
    spent = words.bold(words.money(row.spend, asked.currency))
    opening = format_html("{}{}.", spent, growth_clause(row, before, asked))
    parts = [opening, bought_clause(row, before, asked), cents_clause(row, asked.currency)]
    return format_html_join(" ", "{}", ((part,) for part in parts if part))


def growth_clause(row: UnitCostRow, before: UnitCostRow | None, asked: Asked) -> str:
    if before is None or asked.state.against is None:
        return ""
    growth = words.change_of(row.spend, before.spend)
    when = words.spoken_period(asked.state.against, asked.state.period)
    if is_running(asked):
        return f" so far; {when} had {words.money(before.spend, asked.currency)} in all"
    if growth is None:
        return f"; nothing was spent in {when}"
    if abs(growth) < Decimal("0.0005"):
        return f", as much as in {when}"
    more = "more" if growth > 0 else "less"
    return f", {words.percent(abs(growth))} {more} than in {when}"


def is_running(asked: Asked) -> bool:
    """Whether the period is not over: its sum cannot be held against a whole one."""
    return asked.now.date() < asked.state.period.end


def bought_clause(row: UnitCostRow, before: UnitCostRow | None, asked: Asked) -> SafeString:
    """What the money paid for, and whether the unit costs moved beyond chance."""
    kinds = verdicts.kinds_by_cost(row)[:KINDS_SHOWN]
    if not kinds:
        return mark_safe("No finished work is tied to it yet.")
    said = [priced(slug, row.kinds[slug], asked.currency) for slug in kinds]
    return format_html("It paid for {}{}.", joined(said), moves(kinds, row, before))


def priced(slug: str, cost: KindCost, currency: str) -> SafeString:
    kind = kind_of(slug)
    noun = kind.outcome if cost.outcomes == 1 else kind.outcomes
    number = words.bold(f"{words.count(cost.outcomes)} {noun}")
    return format_html("{} at {}", number, words.money(cost.direct or 0, currency))


def joined(parts: list[SafeString]) -> SafeString:
    return format_html_join(mark_safe(" and "), "{}", ((part,) for part in parts))


def moves(kinds: list[str], row: UnitCostRow, before: UnitCostRow | None) -> str:
    """Both cheaper than before; says nothing unless every change leaves its interval."""
    then = before.kinds if before else {}
    changes = [moved(row.kinds[slug], then.get(slug)) for slug in kinds]
    if any(change is None for change in changes):
        return ""
    ups = [change > 0 for change in changes if change is not None]
    if all(ups) or not any(ups):
        both = "both " if len(ups) == 2 else ""
        return f", {both}{'dearer' if ups[0] else 'cheaper'} than before"
    return ""


def moved(now: KindCost, before: KindCost | None) -> Decimal | None:
    growth = verdicts.change(now, before)
    return growth if growth and before and verdicts.is_outside(now, before) else None


def cents_clause(row: UnitCostRow, currency: str) -> str:
    """Of every dollar, 72 cents reach a piece of work; 12 cents went into work that was redone."""
    if row.spend <= 0:
        return ""
    reach = round(100 * verdicts.tied(row) / row.spend)
    gone = round(100 * verdicts.lost(row) / row.spend)
    if currency not in COINS:
        return (
            f"{reach}{words.NBSP}% reached a piece of work; "
            f"{gone}{words.NBSP}% went into work that was redone or dropped."
        )
    coin, part = COINS[currency]
    reached = f"{words.plural(reach, part)} {'reaches' if reach == 1 else 'reach'}"
    return (
        f"Of every {coin}, {reached} a piece of work; "
        f"{words.plural(gone, part)} went into work that was redone or dropped."
    )


def unconverted_words(amounts: Mapping[str, int], asked: Asked) -> str:
    """Money that no rate could convert is named, never counted as nothing."""
    if not amounts:
        return ""
    listed = words.listed([words.money(n, code, cents=True) for code, n in sorted(amounts.items())])
    return f"{listed} could not be converted: there is no rate into {asked.currency} for its days."


def teams_lead(asked: Asked) -> SafeString | str:
    """Seven teams spent $168,980; Platform the most, $41,870. $7,340 belongs to no team."""
    rows = [r for r in by_team(asked).now.rows if r.team and r.spend > 0]
    seen = [r for r in rows if r.team and r.team.id is not None and asked.sight.sees(r.team.id)]
    nobody = sum(r.spend for r in rows if r.team and r.team.id is None)
    if not seen:
        return "No team spent anything."
    most = max(seen, key=lambda r: r.spend)
    spent = sum(r.spend for r in seen)
    (of_teams, of_nobody), _ = words.column(
        [spent, nobody],
        spent + nobody,
        asked.currency,
        cents=spent + nobody < words.WHOLE_FROM,
    )
    money = words.bold(of_teams)
    teams = words.in_words(len(seen)).capitalize()
    said = format_html("{} team{} spent {}", teams, "s" if len(seen) != 1 else "", money)
    if len(seen) > 1:
        said = format_html(
            "{}; {} the most, {}", said, most.label, words.money(most.spend, asked.currency)
        )
    if not nobody or asked.sight.teams is not None:
        return format_html("{}.", said)
    return format_html("{}. {} belongs to no team yet.", said, of_nobody)


def strip(
    row: UnitCostRow, before: UnitCostRow | None, asked: Asked, company: UnitCostRow | None = None
) -> list[dict[str, Any]]:
    """Spend, the main unit costs, what is tied, what was lost. `company` is the yardstick of a team."""
    kinds = verdicts.kinds_by_cost(row)[: KINDS_SHOWN if company is None else 1]
    items = [spend_item(row, before, asked, company)]
    then: Mapping[str, KindCost] = before.kinds if before else {}
    yard: Mapping[str, KindCost] = company.kinds if company else {}
    items += [kind_item(s, row.kinds[s], then.get(s), yard.get(s), asked) for s in kinds]
    if company and kinds:
        items.append(durable_item(kinds[0], row.kinds[kinds[0]], yard.get(kinds[0]), asked))
    return [*items, tied_item(row, asked, company), hidden_item(row, asked, company)]


def spend_item(
    row: UnitCostRow, before: UnitCostRow | None, asked: Asked, company: UnitCostRow | None
) -> dict[str, Any]:
    """Bar: billed, provisional, and a tick where the period before ended."""
    top = max(row.spend, before.spend if before else 0, 1) * 1.08
    parts = [{"start": 0, "width": 100 * max(row.billed, 0) / top, "fill": "k"}]
    if row.provisional > 0:
        parts.append(
            {"start": 100 * row.billed / top, "width": 100 * row.provisional / top, "fill": "kp"}
        )
    facts = [growth_fact(row, before, asked)]
    if row.provisional:
        facts.append(f"{words.money(row.provisional, asked.currency)} is provisional.")
    if company:
        share = words.share_of(row.spend, company.spend)
        facts.append(f"{words.percent(share)} of all AI spend." if share is not None else "")
    return {
        "label": "AI spend",
        "value": words.money(row.spend, asked.currency),
        "href": asked.lines(),
        "picture": {
            "kind": "bar",
            "parts": parts,
            "mark": 100 * before.spend / top if before and before.spend > 0 else None,
            "words": "Spend; the tick is the period before",
        },
        "facts": sentences(facts),
    }


def growth_fact(row: UnitCostRow, before: UnitCostRow | None, asked: Asked) -> SafeString | str:
    growth = words.change_of(row.spend, before.spend) if before else None
    if growth is None or before is None or asked.state.against is None:
        return ""
    when = words.spoken_period(asked.state.against, asked.state.period)
    if is_running(asked):
        return f"So far; {when} had {words.money(before.spend, asked.currency)} in all."
    was = words.money(before.spend, asked.currency)
    return format_html("<b>{}</b> on {} ({}).", words.percent(growth, signed=True), when, was)


def sentences(parts: list[SafeString | str]) -> SafeString:
    return format_html_join(" ", "{}", ((part,) for part in parts if part))


def kind_item(
    slug: str, cost: KindCost, before: KindCost | None, yard: KindCost | None, asked: Asked
) -> dict[str, Any]:
    """A unit cost with its interval, the number of outcomes and the two dearer readings of it."""
    kind, currency = kind_of(slug), asked.currency
    beside = yard or before
    scale = strip_scale(cost.direct, cost.low, cost.high, beside.direct if beside else None)
    facts: list[SafeString | str] = [cost_fact(cost, before, asked)]
    if not cost.has_verdict:
        facts.append(f"{verdicts.why_not(cost).capitalize()}.")
    number = words.plural(cost.outcomes, kind.short, "PRs" if kind.short == "PR" else "")
    facts.append(
        f"{interval(cost, currency)}, {number}."
        if cost.low is not None and cost.high is not None
        else f"{number}."
    )
    if yard and yard.direct is not None:
        facts.append(f"All teams {words.money(yard.direct, currency)}.")
    return {
        "label": f"Cost per {kind.outcome.replace('pull request', 'PR')}",
        "href": work_of(slug, asked),
        "value": words.money(cost.direct, currency)
        if cost.direct is not None
        else words.unknown(verdicts.why_not(cost)),
        "greyed": not cost.has_verdict,
        "hint": readings(cost, currency),
        "picture": whisker(cost, scale, currency, reference=beside.direct if beside else None)
        if scale and cost.direct is not None
        else None,
        "facts": sentences(facts),
    }


def work_of(kind: str, asked: Asked) -> str:
    """Where the work of one kind is listed with what it cost: the team's page, else that of all."""
    home = asked.home if asked.team else "/teams/"
    return f"{home}{asked.state.query(('kind', kind))}#work"


def readings(cost: KindCost, currency: str) -> str:
    """Loaded with pools and overhead $82.73, all-in $100.07."""
    parts = []
    if cost.loaded is not None:
        parts.append(f"with pools and overhead {words.money(cost.loaded, currency)}")
    if cost.all_in is not None:
        parts.append(f"all-in {words.money(cost.all_in, currency)}")
    return ", ".join(parts).capitalize()


def cost_fact(cost: KindCost, before: KindCost | None, asked: Asked) -> SafeString | str:
    growth = verdicts.change(cost, before)
    if growth is None or asked.state.against is None or before is None:
        return ""
    when = words.spoken_period(asked.state.against, asked.state.period)
    said = words.percent(growth, signed=True)
    if growth > 0 and verdicts.is_outside(cost, before):
        return format_html('<span class="o-warned">{}</span> on {}.', said, when)
    return format_html("<b>{}</b> on {}.", said, when)


def durable_item(slug: str, cost: KindCost, yard: KindCost | None, asked: Asked) -> dict[str, Any]:
    """The share of finished work that still stands once it is old enough to judge."""
    kind, rate = kind_of(slug), verdicts.durable_rate(cost)
    days = kind.durable_after.days
    beside = verdicts.durable_rate(yard) if yard else None
    facts = f"{words.count(cost.durable)} of {words.count(cost.matured)} old enough to judge"
    facts += f" ({wilson})." if (wilson := verdicts.durable_bounds(cost)) else "."
    if beside is not None:
        facts += f" All teams {words.percent(beside)}."
    return {
        "label": f"Standing after {words.plural(days, 'day')}",
        "href": work_of(slug, asked),
        "value": percent_figure(rate, "fewer than ten are old enough to judge"),
        "unit": "%" if rate is not None else "",
        "picture": share_bar(rate, [("a", rate)], beside, "share that stands")
        if rate is not None
        else None,
        "facts": facts,
    }


def tied_item(row: UnitCostRow, asked: Asked, company: UnitCostRow | None) -> dict[str, Any]:
    share = verdicts.tied_share(row)
    yard = verdicts.tied_share(company) if company else None
    reach = words.bold(words.money(verdicts.tied(row), asked.currency))
    facts: list[SafeString | str] = [format_html("{} by key or by person and time.", reach)]
    if yard is not None:
        facts.append(f"All teams {words.percent(yard)}.")
    elif row.fates.get("unattributed", 0):
        facts.append(f"{words.money(row.fates['unattributed'], asked.currency)} is unattributed.")
    least = Decimal(asked.organisation.tied_percent_min) / 100
    return {
        "label": "Tied to an outcome",
        "href": asked.lines(tier="AB"),
        "value": percent_figure(share, "nothing was spent"),
        "unit": "%" if share is not None else "",
        "greyed": share is not None and share < least,
        "picture": share_bar(share, [("a", share)], yard, "share tied")
        if share is not None
        else None,
        "facts": sentences(facts),
    }


def hidden_item(row: UnitCostRow, asked: Asked, company: UnitCostRow | None) -> dict[str, Any]:
    share, whole = verdicts.hidden_share(row), verdicts.finished(row)
    parts = [(f"f-{fate}", words.share_of(row.fates.get(fate, 0), whole)) for fate in LOST]
    yard = verdicts.hidden_share(company) if company else None
    gone = words.bold(words.money(verdicts.lost(row), asked.currency))
    finished = words.money(whole, asked.currency)
    facts: list[SafeString | str] = [
        format_html("{} of {} of finished work was redone, reverted or dropped.", gone, finished)
    ]
    if yard is not None:
        facts = [
            format_html("{} of {} of finished work.", gone, finished),
            f"All teams {words.percent(yard)}.",
        ]
    return {
        "label": "Hidden cost",
        "href": asked.lines(fate=",".join(LOST)),
        "value": percent_figure(share, "no finished work yet"),
        "unit": "%" if share is not None else "",
        "picture": share_bar(share, parts, yard, "share redone, reverted or dropped")
        if share is not None
        else None,
        "facts": sentences([*facts, per_durable(row, asked)])
        if whole
        else "No finished work in the period.",
    }


def per_durable(row: UnitCostRow, asked: Asked) -> str:
    """What an outcome that lasts cost, with all that did not last in it."""
    slug = verdicts.main_kind(row)
    each = row.kinds[slug].cost_per_durable if slug else None
    if each is None:
        return ""
    return f"{words.money(each, asked.currency)} per {kind_of(slug).short} that lasted."


def percent_figure(share: Decimal | None, reason: str) -> SafeString | str:
    return f"{100 * share:.1f}" if share is not None else words.unknown(reason)


def share_bar(
    share: Decimal | None, parts: list[tuple[str, Decimal | None]], mark: Decimal | None, noun: str
) -> dict[str, Any]:
    """A track with the parts on it and a tick at the yardstick."""
    drawn: list[dict[str, Any]] = []
    start = 0.0
    for fill, part in parts:
        width = 100 * float(part or 0)
        if width > 0:
            drawn.append({"start": start, "width": width, "fill": fill})
            start += width
    drawn.append({"start": start, "width": max(0.0, 100 - start), "fill": "t"})
    said = f"{words.percent(share)} {noun}" if share is not None else noun
    return {
        "kind": "bar",
        "parts": drawn,
        "mark": 100 * float(mark) if mark is not None else None,
        "words": said,
    }
